package e2e

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	promremote "github.com/prometheus/prometheus/storage/remote"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// FuzzPush checks that Prometheus stores the same samples from a push by remote write as from a scrape,
// and that series that are gone get staleness markers.
func FuzzPush(f *testing.F) {
	f.Add("requests", "Requests served.", "route", "/", 1.0, 0.25)
	f.Add("requests", hostileHelp, "route", hostileValue, -1.5, 1e300)
	f.Add(utf8Name, "", utf8Label, "", math.Inf(1), math.Inf(-1))
	f.Add("a b", "\\n", "\"", "\\", math.NaN(), 0.0)
	f.Add("A", "", "Z", "\r\n\t ", 5e-324, math.MaxFloat64)
	f.Add("l", "", "lf", "l", 1.0, 1.0)
	f.Add("zero", "", "_", "\x00\x00", 1.0, 1.0)
	f.Fuzz(func(t *testing.T, name, help, label, value string, number, observation float64) {
		o := sample{name, help, label, value, number, observation}
		if !o.valid() {
			t.Skip()
		}
		reg := metric.NewPedanticContextRegistry()
		o.observe(reg)
		gone := o.observeMore(reg)
		want := scrape(t, metric.HandlerForContext(reg, metric.HandlerOpts{}), formats[len(formats)-1])
		for _, protocol := range []remotewrite.Protocol{remotewrite.V1, remotewrite.V2} {
			s := newStore(t)
			p, err := remotewrite.New("http://store", reg, remotewrite.Opts{
				Target: remotewrite.Target{Client: s.client(), Protocol: protocol}, MaxSamples: 5,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Push(t.Context()); err != nil {
				t.Fatalf("%v: %v", protocol, err)
			}
			s.compare(t, want, protocol)
			before := len(s.floats) + len(s.histograms)
			reg.Unregister(gone)
			if err := p.Push(t.Context()); err != nil {
				t.Fatalf("%v: %v", protocol, err)
			}
			ended := before - len(s.floats) - len(s.histograms)
			if ended != 6 {
				t.Errorf("%v: %d series have ended, want 6", protocol, ended)
			}
			if err := p.Close(t.Context()); err != nil {
				t.Fatalf("%v: %v", protocol, err)
			}
			if left := slices.Concat(slices.Collect(maps.Keys(s.floats)), slices.Collect(maps.Keys(s.histograms))); len(left) > 0 {
				t.Errorf("%v: %q have not ended", protocol, left)
			}
			reg.MustRegister(gone)
		}
	})
}

// observeMore returns a histogram with observations, both kinds of buckets and exemplars.
func (o sample) observeMore(reg metric.Registerer) metric.Collector {
	h := metric.NewHistogramVec(metric.HistogramOpts{
		Name: o.name + "_both", Help: o.help, Buckets: []float64{1, 2}, NativeHistogramBucketFactor: 1.1,
	}, []string{o.label})
	reg.MustRegister(h)
	one := h.WithLabelValues(o.value)
	one.Observe(o.observation)
	if e, ok := one.(metric.ExemplarObserver); ok && !math.IsNaN(o.observation) {
		e.ObserveWithExemplar(o.observation, metric.Labels{"trace_id": "x"})
	}
	return h
}

// store is a Prometheus storage that keeps the last sample of each series.
type store struct {
	exposition

	t testing.TB
}

func newStore(t testing.TB) *store {
	return &store{exposition{
		floats: make(map[string]float64), histograms: make(map[string]*histogram.FloatHistogram),
		exemplars: make(map[string][]exemplar.Exemplar), created: make(map[string]int64), metadata: make(map[string]metadata),
	}, t}
}

// client returns a client whose requests go to Prometheus's handler of remote writes to s.
func (s *store) client() *http.Client {
	types := remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}
	h := promremote.NewWriteHandler(slog.New(slog.DiscardHandler), nil, s, types, false, true)
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// AppenderV2 implements storage.AppendableV2.
func (s *store) AppenderV2(context.Context) storage.AppenderV2 { return s }

// Commit implements storage.AppenderTransaction.
func (s *store) Commit() error { return nil }

// Rollback implements storage.AppenderTransaction.
func (s *store) Rollback() error { return nil }

// Append implements storage.AppenderV2.
func (s *store) Append(
	_ storage.SeriesRef, l labels.Labels, st, _ int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AOptions,
) (storage.SeriesRef, error) {
	key := l.String()
	if h != nil {
		if err := h.Validate(); err != nil {
			s.t.Errorf("%s: %v", key, err)
		}
		fh = h.ToFloat(nil)
	}
	switch {
	case fh != nil && value.IsStaleNaN(fh.Sum):
		delete(s.histograms, key)
	case fh != nil:
		s.histograms[key] = fh
	case value.IsStaleNaN(v):
		delete(s.floats, key)
	default:
		s.floats[key] = v
	}
	if st != 0 {
		s.created[key] = st
	}
	s.metadata[key] = metadata{opts.Metadata.Type, opts.Metadata.Help, opts.Metadata.Unit}
	return 1, nil
}

// AppendExemplars implements storage.ExemplarAppenderV2.
func (s *store) AppendExemplars(_ storage.SeriesRef, l labels.Labels, exemplars []exemplar.Exemplar) (storage.SeriesRef, error) {
	for _, e := range exemplars {
		s.exemplars[l.String()] = append(s.exemplars[l.String()], e)
	}
	return 1, nil
}

// compare compares the stored samples with a scrape.
func (s *store) compare(t *testing.T, want exposition, protocol remotewrite.Protocol) {
	t.Helper()
	compareFloats(t, s.floats, want.floats)
	if len(s.histograms) != len(want.histograms) {
		t.Errorf("%v: got %d native histograms, want %d", protocol, len(s.histograms), len(want.histograms))
	}
	for key, h := range want.histograms {
		got := s.histograms[key]
		if got == nil || !got.Equals(h) {
			t.Errorf("%v: %s = %v, want %v", protocol, key, got, h)
		}
	}
	if protocol == remotewrite.V2 {
		for key, ms := range want.created {
			if got := s.created[key]; got != ms && got != 0 { // It is omitted if it equals the sample's timestamp.
				t.Errorf("%s began at %d, want %d", key, got, ms)
			}
		}
	}
	for key, exemplars := range want.exemplars {
		if !reflect.DeepEqual(s.exemplars[key], exemplars) {
			t.Errorf("%v: %s has the exemplars %v, want %v", protocol, key, s.exemplars[key], exemplars)
		}
	}
}
