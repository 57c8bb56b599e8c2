package remotewrite

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestFallback makes several requests to a target. For each step, refuses lists the versions that the
// receiver responds to with 415, ignores those that it responds to with 204 without having written
// anything, and want the versions of the expected requests.
func TestFallback(t *testing.T) {
	type step struct {
		refuses, ignores []Protocol
		want             []Protocol
		verdict          verdict
		status           int // status in place of 204
		expire           bool
	}
	for name, steps := range map[string][]step{
		"2.0 and nothing else": {{want: []Protocol{V2}}, {want: []Protocol{V2}}},
		"1.0 by 415, remembered": {
			{refuses: []Protocol{V2}, want: []Protocol{V2, V1}}, {refuses: []Protocol{V2}, want: []Protocol{V1}},
		},
		"1.0 by what was written, remembered": {
			{ignores: []Protocol{V2}, want: []Protocol{V2, V1}}, {ignores: []Protocol{V2}, want: []Protocol{V1}},
		},
		"upgraded later": {
			{refuses: []Protocol{V2}, want: []Protocol{V2, V1}}, {want: []Protocol{V1}}, {expire: true, want: []Protocol{V2}}, {want: []Protocol{V2}},
		},
		"not upgraded later": {
			{refuses: []Protocol{V2}, want: []Protocol{V2, V1}}, {refuses: []Protocol{V2}, expire: true, want: []Protocol{V2, V1}},
			{refuses: []Protocol{V2}, want: []Protocol{V1}},
		},
		"2.0 only, taken for 1.0": {
			{ignores: []Protocol{V2}, want: []Protocol{V2, V1}}, {refuses: []Protocol{V1}, want: []Protocol{V1, V2}}, {want: []Protocol{V2}},
		},
		"neither": {
			{refuses: []Protocol{V1, V2}, want: []Protocol{V2, V1}, verdict: rejected}, {want: []Protocol{V2}},
		},
		"an error of version 1.0 does not undo the choice": {
			{refuses: []Protocol{V2}, status: 503, want: []Protocol{V2, V1}, verdict: postponed}, {refuses: []Protocol{V2}, want: []Protocol{V1}},
		},
		"other errors of version 2.0 are no reason": {
			{status: 400, want: []Protocol{V2}, verdict: rejected}, {status: 503, want: []Protocol{V2}, verdict: postponed}, {want: []Protocol{V2}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var now step
			r := newReceiver(t, func(w http.ResponseWriter, request *received) {
				switch {
				case slices.Contains(now.refuses, request.version):
					w.WriteHeader(http.StatusUnsupportedMediaType)
				case now.status != 0:
					w.WriteHeader(now.status)
				default:
					if !slices.Contains(now.ignores, request.version) {
						wroteAll(w.Header())
					}
					w.WriteHeader(http.StatusNoContent)
				}
			})
			s := newTestSender(t, Target{URL: r.URL})
			for i, now2 := range steps {
				now = now2
				if now.expire {
					s.versions.v1Until = time.Now().Add(-time.Second)
				}
				o := s.send(t.Context(), samplesRecord())
				if got := r.versions(); !slices.Equal(got, now.want) || o.verdict != now.verdict {
					t.Errorf("step %d: versions %v, want %v; got %+v", i, got, now.want, o)
				}
			}
		})
	}
}

func TestFallbackExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSender(t, Target{URL: "http://a"})
		s.versions.speaks(V1)
		time.Sleep(30*time.Minute - time.Second)
		if v := s.version(); v != V1 {
			t.Errorf("got %d before 30 minutes", v)
		}
		time.Sleep(time.Second)
		if v := s.version(); v != V2 {
			t.Errorf("got %d after 30 minutes", v)
		}
	})
}

// TestForcedProtocol checks that the sender never changes a version that the user has chosen.
func TestForcedProtocol(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ *received) { w.WriteHeader(http.StatusUnsupportedMediaType) })
	for _, p := range []Protocol{V1, V2} {
		s := newTestSender(t, Target{URL: r.URL, Protocol: p})
		for range 2 {
			o := s.send(t.Context(), samplesRecord())
			if got := r.versions(); !slices.Equal(got, []Protocol{p}) || o.verdict != rejected {
				t.Errorf("version %d: got requests %v, %+v", p, got, o)
			}
		}
	}
}
