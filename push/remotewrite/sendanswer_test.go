package remotewrite

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/internal/writereq"
)

// TestOutcomes checks the outcome of a request for each status, header and protocol. The receiver responds
// to version 1.0 as to version 2.0, unless v1Status is set.
func TestOutcomes(t *testing.T) {
	var (
		all     = writereq.Counts{Samples: 2, Histograms: 2, Exemplars: 1}
		none    writereq.Counts
		of1     = writereq.Counts{Samples: 2, Histograms: 1, Exemplars: 1} // counts that version 1.0 can represent
		lacking = writereq.Counts{Histograms: 1}
		counts  = func(s, h, x uint64) writereq.Counts { return writereq.Counts{Samples: s, Histograms: h, Exemplars: x} }
	)
	type want struct {
		verdict         verdict
		written, failed writereq.Counts
		requests        string // versions of the requests, such as "21"
		after           time.Duration
		text            string // text in the error; "-" if there is no error
	}
	no := map[string]string(nil)
	w := func(samples, histograms, exemplars string) map[string]string {
		h := map[string]string{samplesWrittenHeader: samples, histogramsWrittenHeader: histograms, exemplarsWrittenHeader: exemplars}
		maps.DeleteFunc(h, func(_, v string) bool { return v == "" })
		return h
	}
	after := func(v string) map[string]string { return map[string]string{"Retry-After": v} }
	sameFor := func(w want, versions ...string) map[Protocol]want {
		m := map[Protocol]want{}
		for i, p := range []Protocol{Auto, V1, V2} {
			m[p] = w
			if len(versions) > 0 {
				v := m[p]
				v.requests = versions[i]
				m[p] = v
			}
		}
		return m
	}
	for _, c := range []struct {
		name   string
		status int
		header map[string]string
		want   map[Protocol]want
	}{
		{"200, all written", 200, w("2", "2", "1"), map[Protocol]want{
			Auto: {delivered, all, none, "2", 0, "-"}, V2: {delivered, all, none, "2", 0, "-"}, V1: {delivered, of1, lacking, "1", 0, "custom buckets"},
		}},
		{"204, all written", 204, w("2", "2", "1"), map[Protocol]want{Auto: {delivered, all, none, "2", 0, "-"}, V2: {delivered, all, none, "2", 0, "-"}}},
		{"200, more written than sent", 200, w("99", "2", "1"), map[Protocol]want{Auto: {delivered, all, none, "2", 0, "-"}}},
		{"200, some written", 200, w("1", "2", ""), map[Protocol]want{
			Auto: {delivered, counts(1, 2, 0), counts(1, 0, 1), "2", 0, "has not written 1 samples, 0 native histograms and 1 exemplars"},
			V2:   {delivered, counts(1, 2, 0), counts(1, 0, 1), "2", 0, "has not written"},
			V1:   {delivered, of1, lacking, "1", 0, "custom buckets"},
		}},
		{"200, histograms written", 200, w("", "1", "garbage"), map[Protocol]want{Auto: {delivered, counts(0, 1, 0), counts(2, 1, 1), "2", 0, "has not written"}}},
		{"200, no headers", 200, no, map[Protocol]want{
			Auto: {delivered, of1, lacking, "21", 0, "custom buckets"},
			V2:   {rejected, none, all, "2", 0, "without having written anything"},
			V1:   {delivered, of1, lacking, "1", 0, "custom buckets"},
		}},
		{"204, zeros", 204, w("0", "0", "0"), map[Protocol]want{
			Auto: {delivered, of1, lacking, "21", 0, "custom buckets"}, V2: {rejected, none, all, "2", 0, "without having written anything"},
		}},
		{"204, garbage", 204, w("-1", "x", "1e3"), map[Protocol]want{
			Auto: {delivered, of1, lacking, "21", 0, "custom buckets"}, V2: {rejected, none, all, "2", 0, "without having written anything"},
		}},
		{"415", 415, no, map[Protocol]want{
			Auto: {rejected, none, all, "21", 0, "415 Unsupported Media Type"}, V2: {rejected, none, all, "2", 0, "415"}, V1: {rejected, none, all, "1", 0, "415"},
		}},
		{"400", 400, no, sameFor(want{rejected, none, all, "", 0, "400 Bad Request"}, "2", "1", "2")},
		{"400, some written", 400, w("1", "", "1"), map[Protocol]want{
			Auto: {rejected, counts(1, 0, 1), counts(1, 2, 0), "2", 0, "400"}, V2: {rejected, counts(1, 0, 1), counts(1, 2, 0), "2", 0, "400"},
			V1: {rejected, none, all, "1", 0, "400"},
		}},
		{"401", 401, no, sameFor(want{rejected, none, all, "", 0, "401 Unauthorized"}, "2", "1", "2")},
		{"404", 404, after("5"), sameFor(want{rejected, none, all, "", 0, "404 Not Found"}, "2", "1", "2")},
		{"413", 413, no, sameFor(want{rejected, none, all, "", 0, "413"}, "2", "1", "2")},
		{"499, unknown", 499, no, sameFor(want{rejected, none, all, "", 0, "answered 499"}, "2", "1", "2")},
		{"302", 302, map[string]string{"Location": "/login"}, sameFor(want{rejected, none, all, "", 0, `302 Found with the location "/login"; only 307`}, "2", "1", "2")},
		{"304", 304, w("2", "2", "1"), sameFor(want{rejected, none, all, "", 0, "304"}, "2", "1", "2")},
		{"429", 429, no, sameFor(want{postponed, none, none, "", 0, "429 Too Many Requests"}, "2", "1", "2")},
		{"429, some written", 429, w("1", "1", "1"), sameFor(want{postponed, none, none, "", 0, "429"}, "2", "1", "2")},
		{"429, Retry-After", 429, after("7"), sameFor(want{postponed, none, none, "", 7 * time.Second, "429"}, "2", "1", "2")},
		{"429, Retry-After too long", 429, after("99999999"), sameFor(want{postponed, none, none, "", maxRetryAfter, "429"}, "2", "1", "2")},
		{"429, Retry-After overflows", 429, after("99999999999999999999"), sameFor(want{postponed, none, none, "", 0, "429"}, "2", "1", "2")},
		{"503, Retry-After", 503, after("0"), sameFor(want{postponed, none, none, "", 0, "503"}, "2", "1", "2")},
		{"503, Retry-After negative", 503, after("-3"), sameFor(want{postponed, none, none, "", 0, "503"}, "2", "1", "2")},
		{"503, Retry-After in the past", 503, after("Mon, 02 Jan 2006 15:04:05 GMT"), sameFor(want{postponed, none, none, "", 0, "503"}, "2", "1", "2")},
		{"503, Retry-After far away", 503, after("Mon, 02 Jan 2136 15:04:05 GMT"), sameFor(want{postponed, none, none, "", maxRetryAfter, "503"}, "2", "1", "2")},
		{"500", 500, no, sameFor(want{postponed, none, none, "", 0, "500 Internal Server Error"}, "2", "1", "2")},
		{"500, all written", 500, w("2", "2", "1"), sameFor(want{postponed, none, none, "", 0, "500"}, "2", "1", "2")},
		{"501", 501, no, sameFor(want{postponed, none, none, "", 0, "501"}, "2", "1", "2")},
		{"504", 504, no, sameFor(want{postponed, none, none, "", 0, "504"}, "2", "1", "2")},
	} {
		for _, p := range slices.Sorted(maps.Keys(c.want)) {
			want := c.want[p]
			t.Run(fmt.Sprintf("%s/protocol %d", c.name, p), func(t *testing.T) {
				r := newReceiver(t, func(w http.ResponseWriter, _ *received) {
					for name, value := range c.header {
						w.Header().Set(name, value)
					}
					w.WriteHeader(c.status)
				})
				got := newTestSender(t, Target{URL: r.URL, Protocol: p}).send(t.Context(), testRecord())
				if got.verdict != want.verdict || got.written != want.written || got.failed != want.failed || got.retryAfter != want.after {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
				if want.text == "-" && got.err != nil || want.text != "-" && (got.err == nil || !strings.Contains(got.err.Error(), want.text)) {
					t.Errorf("got error %v, want %q", got.err, want.text)
				}
				versions := ""
				for _, v := range r.versions() {
					versions += strconv.Itoa(int(v))
				}
				if versions != want.requests || !strings.HasSuffix(versions, strconv.Itoa(int(got.version))) {
					t.Errorf("requests of the versions %s, reported %d; want %s", versions, got.version, want.requests)
				}
			})
		}
	}
}

func TestRetryAfterDate(t *testing.T) {
	h := http.Header{"Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}
	if d := retryAfter(h); d < 30*time.Second || d > time.Minute {
		t.Errorf("got %v", d)
	}
}

// TestNothingToWrite checks that a receiver that has written nothing of a request without samples is not
// mistaken for a receiver of version 1.0.
func TestNothingToWrite(t *testing.T) {
	o := judge(answer{status: 204}, writereq.Counts{Exemplars: 1, Metadata: 2}, V2)
	if o.verdict != delivered || o.written != (writereq.Counts{Metadata: 2}) || o.failed != (writereq.Counts{Exemplars: 1}) || o.err == nil {
		t.Errorf("got %+v", o)
	}
	if o := judge(answer{status: 204}, writereq.Counts{}, V2); o.verdict != delivered || o.err != nil {
		t.Errorf("got %+v", o)
	}
}
