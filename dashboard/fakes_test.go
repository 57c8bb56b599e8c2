package dashboard_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

// anyone is an Opts.Allow that admits all requests.
func anyone(*http.Request) bool { return true }

// newDashboard returns a dashboard that is closed at the end of the test.
func newDashboard(t *testing.T, g metric.Gatherer, opts dashboard.Opts) *dashboard.Dashboard {
	t.Helper()
	if opts.Allow == nil {
		opts.Allow = anyone
	}
	d, err := dashboard.New(g, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// probe is a collector that counts its runs.
type probe struct {
	runs atomic.Int64
	at   atomic.Pointer[func(context.Context)] // called in each run unless nil
	desc *metric.Desc
}

func newProbe(name string) *probe {
	return &probe{desc: metric.NewDesc(name, "A gauge of a test.", nil, nil)}
}

// does makes the collector call f in each run.
func (p *probe) does(f func(context.Context)) *probe {
	p.at.Store(&f)
	return p
}

func (p *probe) Describe(ch chan<- *metric.Desc) { ch <- p.desc }

func (p *probe) Collect(ch chan<- metric.Metric) { p.CollectWithContext(context.Background(), ch) }

func (p *probe) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	n := p.runs.Add(1)
	if f := p.at.Load(); f != nil {
		(*f)(ctx)
	}
	ch <- metric.MustNewConstMetric(p.desc, metric.GaugeValue, float64(n))
}

// registryOf returns a registry with the given collectors. The keys are their names and families.
func registryOf(t *testing.T, probes map[string]*probe) *metric.ContextRegistry {
	t.Helper()
	r := metric.NewContextRegistry()
	for name, p := range probes {
		r.MustRegisterWith(p, metric.WithName(name))
	}
	return r
}

// get serves a request.
func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return serve(h, http.MethodGet, target, header...)
}

func serve(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// event is a server-sent event.
type event struct {
	id, name, data string
}

// stream is an open page: an http.ResponseWriter that records what the server sends. See block for its
// writes.
type stream struct {
	header http.Header
	cancel context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	status int
	text   strings.Builder
	hold   chan struct{} // nil if writes do not block
}

// open opens a stream of h.
func open(t *testing.T, h http.Handler, target string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &stream{header: make(http.Header), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		h.ServeHTTP(s, httptest.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody))
	}()
	t.Cleanup(s.close)
	return s
}

// close disconnects the client.
func (s *stream) close() {
	s.release()
	s.cancel()
	<-s.ended
}

// block makes writes block until release is called.
func (s *stream) block() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = make(chan struct{})
}

func (s *stream) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hold != nil {
		close(s.hold)
		s.hold = nil
	}
}

func (s *stream) Header() http.Header { return s.header }

func (s *stream) WriteHeader(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hold := s.hold; hold != nil {
		s.mu.Unlock()
		<-hold
		s.mu.Lock()
	}
	return s.text.Write(p)
}

func (s *stream) Flush() {}

// events returns the events with one of the names that were sent so far, or all events if names is empty.
func (s *stream) events(names ...string) (all []event) {
	return eventsIn(s.sent(), names...)
}

// sent returns everything that was sent so far.
func (s *stream) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func eventsIn(text string, names ...string) (all []event) {
	for _, block := range strings.Split(text, "\n\n") {
		var e event
		for _, line := range strings.Split(block, "\n") {
			field, value, _ := strings.Cut(line, ": ")
			switch field {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data = value
			}
		}
		for _, name := range names {
			if e.name == name {
				all = append(all, e)
			}
		}
		if len(names) == 0 && e.name != "" {
			all = append(all, e)
		}
	}
	return all
}

// read decodes JSON.
func read[T any](t *testing.T, text string) (value T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return value
}

// tick has the fields of an api.Tick that the tests read.
type tick struct {
	T, Now   int64
	Problems int
	Series   int
	Error    string
}

// last returns the last event with the given name.
func last[T any](t *testing.T, s *stream, name string) T {
	t.Helper()
	all := s.events(name)
	if len(all) == 0 {
		t.Fatalf("there is no event %s in %q", name, s.sent())
	}
	return read[T](t, all[len(all)-1].data)
}

// rows has the fields of api.Collectors that the tests read.
type rows struct {
	All  bool
	Rows []struct{ Name, State string }
}

const second = time.Second
