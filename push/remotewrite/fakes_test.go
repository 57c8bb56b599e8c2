package remotewrite_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq/writereqtest"
	"github.com/luxfi/metric/push/remotewrite"
)

// errTest is the error of everything that fails in tests.
var errTest = errors.New("no luck")

// receiver is an http.RoundTripper that records requests. It needs no network, so tests can use a fake
// clock.
type receiver struct {
	t testing.TB
	// answer, if not nil, may respond to the n-th request in place of the receiver.
	answer func(r *http.Request, n int) (*http.Response, error)

	mu    sync.Mutex
	taken []request
	n     int
}

// request is a request that the receiver has accepted.
type request struct {
	*writereqtest.Request

	at      time.Time
	version string
	header  http.Header
}

func newReceiver(t testing.TB) *receiver { return &receiver{t: t} }

func (r *receiver) client() *http.Client { return &http.Client{Transport: r} }

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	n, answer := r.n, r.answer
	r.n++
	r.mu.Unlock()
	if answer != nil {
		if response, err := answer(req, n); response != nil || err != nil {
			return response, err
		}
	}
	return r.take(req, body), nil
}

// take records a request.
func (r *receiver) take(req *http.Request, body []byte) *http.Response {
	data, err := writebody.Decompress(nil, body)
	if err != nil {
		r.t.Error(err)
	}
	version, decode := req.Header.Get("X-Prometheus-Remote-Write-Version"), writereqtest.DecodeV2
	if version == "0.1.0" {
		decode = writereqtest.DecodeV1
	}
	got, err := decode(data)
	if err != nil {
		r.t.Error(err)
	} else if err := got.Check(); err != nil {
		r.t.Error(err)
	}
	var samples, histograms, exemplars int
	for _, s := range got.Series {
		samples, histograms, exemplars = samples+len(s.Samples), histograms+len(s.Histograms), exemplars+len(s.Exemplars)
	}
	r.mu.Lock()
	r.taken = append(r.taken, request{got, time.Now(), version, req.Header})
	r.mu.Unlock()
	return written(http.StatusNoContent, samples, histograms, exemplars)
}

func written(status, samples, histograms, exemplars int) *http.Response {
	h := http.Header{}
	h.Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(samples))
	h.Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(histograms))
	h.Set("X-Prometheus-Remote-Write-Exemplars-Written", strconv.Itoa(exemplars))
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("text"))}
}

// answering returns a response with the given status and headers.
func answering(status int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("text"))}
}

// hang responds when the request is canceled.
func hang(r *http.Request, _ int) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// point is a sample that the receiver has accepted.
type point struct {
	ms    int64
	value float64
}

// stale reports whether the sample is a stale marker.
func (p point) stale() bool { return math.Float64bits(p.value) == 0x7ff0000000000002 }

// series returns the samples of a series in the order in which they arrived. The value of a native
// histogram is its count, or its sum if it is a stale marker.
func (r *receiver) series(key string) (points []point) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.taken {
		s := q.Find(key)
		if s == nil {
			continue
		}
		for _, x := range s.Samples {
			points = append(points, point{x.Timestamp, x.Value})
		}
		for _, h := range s.Histograms {
			if p := (point{h.Timestamp, h.Sum}); p.stale() {
				points = append(points, p)
			} else {
				points = append(points, point{h.Timestamp, float64(h.Count)})
			}
		}
	}
	return points
}

// values returns the values of a series, with -1 for a stale marker.
func (r *receiver) values(key string) (values []float64) {
	for _, p := range r.series(key) {
		if p.stale() {
			p.value = -1
		}
		values = append(values, p.value)
	}
	return values
}

// keys returns the sorted keys of the series that have arrived.
func (r *receiver) keys() (keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.taken {
		for i := range q.Series {
			keys = append(keys, q.Series[i].Key())
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (r *receiver) requests() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.taken)
}

// calls returns the number of requests.
func (r *receiver) calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

const receiverURL = "http://receiver/api/v1/write"

// newPusher returns a Pusher that sends to r. The Pusher is closed at the end of the test.
func newPusher(t testing.TB, r *receiver, g metric.GathererWithContext, opts remotewrite.Opts) *remotewrite.Pusher {
	t.Helper()
	opts.Target.Client = r.client()
	p, err := remotewrite.New(receiverURL, g, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = p.Close(ctx)
	})
	return p
}

// push makes p push and ends the test if that fails.
func push(t testing.TB, p *remotewrite.Pusher) {
	t.Helper()
	if err := p.Push(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// registryOf returns a registry with the given collectors.
func registryOf(collectors ...metric.Collector) *metric.ContextRegistry {
	r := metric.NewContextRegistry()
	r.MustRegister(collectors...)
	return r
}

func newCounter(name string) metric.ReadableCounter {
	return metric.NewCounter(metric.CounterOpts{Name: name, Help: "Of a test."})
}

// own returns the value of one of the Pusher's own metrics, summed over its labels.
func own(t testing.TB, p *remotewrite.Pusher, name string) (sum float64) {
	t.Helper()
	families, err := registryOf(p).Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range families {
		if f.GetName() != "prometheus_remote_storage_"+name {
			continue
		}
		found = true
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	if !found {
		t.Errorf("there is no metric %s", name)
	}
	return sum
}
