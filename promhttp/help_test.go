package promhttp_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recovered returns the value that f panics with, or nil if f does not panic.
func recovered(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// gathered returns the families that g gathers, without the values that depend on time: created timestamps,
// the timestamps of exemplars, and sums of seconds.
func gathered(t *testing.T, g metric.Gatherer) []*dto.MetricFamily {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range families {
		f, _ := proto.Clone(f).(*dto.MetricFamily)
		families[i] = f
		for _, m := range f.GetMetric() {
			forgetTimes(m, strings.HasSuffix(f.GetName(), "_seconds"))
		}
	}
	return families
}

func forgetTimes(m *dto.Metric, seconds bool) {
	exemplars := []*dto.Exemplar{m.GetCounter().GetExemplar()}
	if c := m.GetCounter(); c != nil {
		c.CreatedTimestamp = nil
	}
	if s := m.GetSummary(); s != nil {
		s.CreatedTimestamp = nil
		if seconds {
			s.SampleSum = nil
		}
	}
	if h := m.GetHistogram(); h != nil {
		h.CreatedTimestamp = nil
		if seconds {
			h.SampleSum = nil
		}
		for _, b := range h.GetBucket() {
			exemplars = append(exemplars, b.GetExemplar())
		}
	}
	for _, e := range exemplars {
		if e != nil {
			e.Timestamp = nil
			if seconds {
				e.Value = nil
			}
		}
	}
}

// sameGathered checks that both gatherers return the same families, except for times.
func sameGathered(t *testing.T, ours, theirs metric.Gatherer) {
	t.Helper()
	got, want := gathered(t, ours), gathered(t, theirs)
	if len(want) == 0 {
		t.Error("there is nothing to compare")
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !proto.Equal(got[i], want[i]) {
			t.Errorf("got:\n%s\nwant, as client_golang has it:\n%s", texts(got), texts(want))
			return
		}
	}
}

func texts(families []*dto.MetricFamily) string {
	var b strings.Builder
	for _, f := range families {
		b.WriteString(prototext.Format(f))
	}
	return b.String()
}

// request sends a GET request with header fields, given as alternating names and values.
func request(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decompressed returns the body of a response.
func decompressed(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var (
		body io.Reader = w.Body
		err  error
	)
	switch encoding := w.Header().Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(body); err == nil {
			defer d.Close()
			body = d
		}
	default:
		t.Fatalf("unknown encoding %q", encoding)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// collectorFunc is an unchecked collector.
type collectorFunc func(ch chan<- prometheus.Metric)

func (collectorFunc) Describe(chan<- *prometheus.Desc)      {}
func (f collectorFunc) Collect(ch chan<- prometheus.Metric) { f(ch) }
