package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
)

// TestExposition checks every format with Prometheus's own parsers.
func TestExposition(t *testing.T) {
	p := newProgram()
	for range 3 {
		p.observe()
	}
	h := p.handler(func(err error) { t.Errorf("unexpected error: %v", err) })
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			got := scrape(t, h, f)
			compareFloats(t, got.floats, p.floats(f.utf8))
			compareHistograms(t, p, got.histograms, f)
			compareExemplars(t, p, got, f)
			compareCreated(t, p, got, f)
			if want := p.metadata(f); !maps.Equal(got.metadata, want) {
				t.Errorf("got metadata\n%v, want\n%v", got.metadata, want)
			}
		})
	}
}

func compareHistograms(t *testing.T, p *program, got map[string]*histogram.FloatHistogram, f format) {
	t.Helper()
	want := p.natives()
	if !f.native() {
		want = nil
	}
	for key, factor := range want {
		h := got[key]
		if h == nil {
			t.Errorf("%s is missing", key)
			continue
		}
		if err := h.Validate(); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		var buckets []bucket
		for it := h.AllBucketIterator(); it.Next(); {
			b := it.At()
			buckets = append(buckets, bucket{b.Lower, b.Upper, b.LowerInclusive, b.UpperInclusive, b.Count})
		}
		compareNative(t, key, h.Count, h.Sum, buckets, factor, p.observed())
	}
	if len(got) != len(want) {
		t.Errorf("got %d native histograms, want %d", len(got), len(want))
	}
}

func compareExemplars(t *testing.T, p *program, got exposition, f format) {
	t.Helper()
	if !f.rich() {
		if len(got.exemplars) > 0 {
			t.Errorf("unexpected exemplars: %v", got.exemplars)
		}
		return
	}
	for key, values := range p.exemplars(f.native()) {
		if len(got.exemplars[key]) == 0 {
			t.Errorf("%s has no exemplars", key)
		}
		for _, ex := range got.exemplars[key] {
			if !slices.Contains(values, ex.Value) || ex.Labels.String() != fmt.Sprintf("{trace_id=%q}", traceID) {
				t.Errorf("%s has the exemplar %+v, want one of %v", key, ex, values)
			}
		}
	}
}

func compareCreated(t *testing.T, p *program, got exposition, f format) {
	t.Helper()
	has := []string{
		series("e2e_requests_total", "route", "/"),
		series("e2e_classic_seconds_count"),
		series("e2e_latency_seconds_sum"),
	}
	if f.native() {
		has = append(has, series("e2e_native_seconds"))
	}
	if !f.rich() {
		if len(got.created) > 0 {
			t.Errorf("unexpected created timestamps: %v", got.created)
		}
		return
	}
	for _, key := range has {
		ms, ok := got.created[key]
		if !ok || ms < p.created.UnixMilli() || ms > time.Now().UnixMilli() {
			t.Errorf("%s was created at %v, want a time between %v and now", key, time.UnixMilli(ms), p.created)
		}
	}
}

// TestPartialExposition scrapes the program while collectors misbehave in every way beside its
// instruments. It checks that each format is complete and correct except for those collectors.
func TestPartialExposition(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				p := newProgram()
				p.observe()
				p.misbehave(ctx)
				var reported []string
				h := p.handler(func(err error) { reported = append(reported, err.Error()) })

				start := time.Now()
				got := scrape(t, withTimeout(h, "2"), f)
				if elapsed := time.Since(start); elapsed != 1500*time.Millisecond {
					t.Errorf("the scrape took %v, want the 1.5s that the server leaves it", elapsed)
				}
				want := p.floats(f.utf8)
				want[series("e2e_bad_duplicate")] = 1
				compareFloats(t, got.floats, want)
				compareHistograms(t, p, got.histograms, f)
				all := strings.Join(reported, "\n")
				for _, part := range []string{"on purpose", "deadline exceeded", "e2e_bad_duplicate"} {
					if !strings.Contains(all, part) {
						t.Errorf("%q was not reported, but %s", part, all)
					}
				}
			})
		})
	}
}

// withTimeout adds the header with which a server announces its scrape timeout.
func withTimeout(h http.Handler, seconds string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", seconds)
		h.ServeHTTP(w, r)
	})
}
