package remotewrite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
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

// The cases of https://github.com/prometheus/compliance for senders that apply to a program that sends its
// own metrics, from the suites for versions 1.0 and 2.0. Each case runs with every version that it applies
// to. complianceReceiver makes the checks that apply to all requests.

// complianceCase is one case.
type complianceCase struct {
	name     string
	versions []remotewrite.Protocol // nil means both
	opts     remotewrite.Opts
	// register registers metrics. It may return a function that is called between pushes.
	register func(r *metric.ContextRegistry) func()
	pushes   int                // number of pushes; 0 means 1
	close    bool               // whether to close the Pusher at the end
	answers  []complianceAnswer // responses to the first requests; later ones are 204
	check    func(t *testing.T, got *complianceResult)
}

// complianceAnswer is a receiver's response. A 2xx response to version 2.0 reports how much was written
// unless silent is set.
type complianceAnswer struct {
	status     int
	retryAfter string
	body       string
	silent     bool
	delay      time.Duration
}

// complianceResult is the result of a case: the requests that the receiver got, and the errors of the
// pushes.
type complianceResult struct {
	version    remotewrite.Protocol // version that the sender was configured with
	requests   []complianceRequest
	errs       []error // errors of the pushes
	start, end int64   // start and end of the case, in milliseconds since the Unix epoch
}

// complianceRequest is a request and the status of its response.
type complianceRequest struct {
	*writereqtest.Request

	header http.Header
	v1     bool
	status int // status of the response
	at     time.Time
}

// accepted returns the requests whose response was 2xx.
func (r *complianceResult) accepted() (requests []complianceRequest) {
	for _, q := range r.requests {
		if q.status/100 == 2 {
			requests = append(requests, q)
		}
	}
	return requests
}

// series returns the series with the given key from all accepted requests.
func (r *complianceResult) series(key string) (series []*writereqtest.Series) {
	for _, q := range r.accepted() {
		if s := q.Find(key); s != nil {
			series = append(series, s)
		}
	}
	return series
}

// values returns the values of a series in all accepted requests.
func (r *complianceResult) values(key string) (values []float64) {
	for _, s := range r.series(key) {
		for _, sample := range s.Samples {
			values = append(values, sample.Value)
		}
	}
	return values
}

// timestamps returns the timestamps of a series in all accepted requests.
func (r *complianceResult) timestamps(key string) (ms []int64) {
	for _, s := range r.series(key) {
		for _, sample := range s.Samples {
			ms = append(ms, sample.Timestamp)
		}
	}
	return ms
}

// statuses returns the statuses of the responses.
func (r *complianceResult) statuses() (statuses []int) {
	for _, q := range r.requests {
		statuses = append(statuses, q.status)
	}
	return statuses
}

// want checks the values of several series.
func (r *complianceResult) want(t *testing.T, series map[string][]float64) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(series)) {
		if got := r.values(key); !slices.EqualFunc(got, series[key], sameBits) {
			t.Errorf("%s: got %v, want %v", key, got, series[key])
		}
	}
}

func sameBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// complianceReceiver records requests and responds to them. It checks what the specifications require of
// every request.
type complianceReceiver struct {
	t       *testing.T
	answers []complianceAnswer

	mu       sync.Mutex
	requests []complianceRequest
}

func (r *complianceReceiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := complianceRequest{header: q.Header, v1: q.Header.Get("X-Prometheus-Remote-Write-Version") == "0.1.0", at: time.Now()}
	got.Request = r.decode(q, got.v1)
	answer := complianceAnswer{status: http.StatusNoContent}
	if len(r.answers) > 0 {
		answer, r.answers = r.answers[0], r.answers[1:]
	}
	got.status = answer.status
	r.requests = append(r.requests, got)
	time.Sleep(answer.delay)
	if answer.status == 0 {
		panic(http.ErrAbortHandler) // closes the connection
	}
	if !got.v1 && !answer.silent && answer.status/100 == 2 {
		got.setWritten(w.Header())
	}
	if answer.retryAfter != "" {
		w.Header().Set("Retry-After", answer.retryAfter)
	}
	w.WriteHeader(answer.status)
	if answer.status != http.StatusNoContent {
		_, _ = io.WriteString(w, answer.body)
	}
}

// decode decodes a request and checks it.
func (r *complianceReceiver) decode(q *http.Request, v1 bool) *writereqtest.Request {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		r.t.Errorf("reading a request: %v", err)
	}
	if q.Method != http.MethodPost || q.Header.Get("Content-Encoding") != "snappy" {
		r.t.Errorf("method %s, Content-Encoding %q", q.Method, q.Header.Get("Content-Encoding"))
	}
	plain, err := writebody.Decompress(nil, body)
	if err != nil || len(plain) == 0 {
		r.t.Errorf("%d bytes in a block of snappy, error %v", len(plain), err)
	}
	decode := writereqtest.DecodeV2
	if v1 {
		decode = writereqtest.DecodeV1
	}
	request, err := decode(plain)
	if err := errors.Join(err, request.Check()); err != nil {
		r.t.Errorf("a request is wrong: %v", err)
	}
	for i := range request.Series {
		for _, s := range request.Series[i].Samples {
			if s.StartStamp > s.Timestamp {
				r.t.Errorf("%s starts after its timestamp", request.Series[i].Key())
			}
		}
	}
	return request
}

func (q *complianceRequest) setWritten(h http.Header) {
	var samples, histograms, exemplars int
	for _, s := range q.Series {
		samples += len(s.Samples)
		histograms += len(s.Histograms)
		exemplars += len(s.Exemplars)
	}
	h.Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(samples))
	h.Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(histograms))
	h.Set("X-Prometheus-Remote-Write-Exemplars-Written", strconv.Itoa(exemplars))
}

func TestCompliance(t *testing.T) {
	for _, cases := range [][]complianceCase{typeCases(), labelCases(), sampleCases(), requestCases(), retryCases(), fallbackCases()} {
		for _, c := range cases {
			versions := c.versions
			if versions == nil {
				versions = []remotewrite.Protocol{remotewrite.V1, remotewrite.V2}
			}
			for _, version := range versions {
				t.Run(fmt.Sprintf("%s/protocol %d", c.name, version), func(t *testing.T) {
					c.check(t, c.run(t, version))
				})
			}
		}
	}
}

// run makes the pushes of the case and returns its result.
func (c *complianceCase) run(t *testing.T, version remotewrite.Protocol) *complianceResult {
	receiver := &complianceReceiver{t: t, answers: c.answers}
	server := httptest.NewServer(receiver)
	defer server.Close()
	registry := metric.NewContextRegistry()
	between := c.register(registry)
	time.Sleep(5 * time.Millisecond) // A start timestamp that equals the timestamp of the sample is left out.

	opts := c.opts
	opts.Target.Protocol = version
	opts.Logger = slog.New(slog.DiscardHandler)
	if opts.MinBackoff == 0 {
		opts.MinBackoff, opts.MaxBackoff = time.Millisecond, 10*time.Millisecond
	}
	result := &complianceResult{version: version, start: time.Now().UnixMilli()}
	p, err := remotewrite.New(server.URL, registry, opts)
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	defer func() { _ = p.Close(over) }() // The error only reports the samples that are left unsent.
	for i := range max(c.pushes, 1) {
		if i > 0 && between != nil {
			between()
		}
		result.errs = append(result.errs, p.Push(t.Context()))
	}
	if c.close {
		result.errs = append(result.errs, p.Close(t.Context()))
	}
	result.end = time.Now().UnixMilli()
	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	result.requests = slices.Clone(receiver.requests)
	return result
}

// oneGauge registers a gauge with the value 42.
func oneGauge(r *metric.ContextRegistry) func() {
	r.MustRegister(metric.NewGaugeFunc(metric.GaugeOpts{Name: "gauge"}, func() float64 { return 42 }))
	return nil
}

var userAgentForm = regexp.MustCompile(`^[a-z-]+/(devel|v[0-9]+\.[0-9]+\.[0-9]+)`)

// requestCases returns the cases for requests and their headers.
func requestCases() []complianceCase {
	wantType := map[bool]string{true: "application/x-protobuf", false: "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
	checkHeaders := func(t *testing.T, got *complianceResult) {
		for _, q := range got.requests {
			if q.v1 != (got.version == remotewrite.V1) || q.header.Get("Content-Type") != wantType[q.v1] {
				t.Errorf("got %v", q.header)
			}
			if v := q.header.Get("X-Prometheus-Remote-Write-Version"); v != map[bool]string{true: "0.1.0", false: "2.0.0"}[q.v1] {
				t.Errorf("got version %s", v)
			}
			if agent := q.header.Get("User-Agent"); !userAgentForm.MatchString(agent) {
				t.Errorf("got User-Agent %q", agent)
			}
		}
		got.want(t, map[string][]float64{"gauge": {42}})
	}
	custom := http.Header{"X-Scope-OrgID": {"a"}} // TestBadTargets has the headers that are not allowed.
	return []complianceCase{
		{name: "headers", register: oneGauge, check: checkHeaders},
		{
			name: "custom headers", register: oneGauge, opts: remotewrite.Opts{Target: remotewrite.Target{Header: custom}},
			check: func(t *testing.T, got *complianceResult) {
				checkHeaders(t, got)
				if v := got.requests[0].header.Get("X-Scope-OrgID"); v != "a" {
					t.Errorf("got X-Scope-OrgID %q", v)
				}
			},
		},
		{
			name: "nothing to push", register: func(*metric.ContextRegistry) func() { return nil },
			check: func(t *testing.T, got *complianceResult) {
				if len(got.requests) != 0 || got.errs[0] != nil {
					t.Errorf("%d requests, error %v", len(got.requests), got.errs[0])
				}
			},
		},
		{
			name: "batches",
			register: func(r *metric.ContextRegistry) func() {
				v := metric.NewGaugeVec(metric.GaugeOpts{Name: "metric"}, []string{"label"})
				for i := range 12_000 {
					v.WithLabelValues(strconv.Itoa(i)).Set(1)
				}
				r.MustRegister(v)
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				n := 0
				for _, q := range got.requests {
					if len(q.Series) > 10_000 {
						t.Errorf("%d series in a request", len(q.Series))
					}
					n += len(q.Series)
				}
				if n != 12_000 || len(got.requests) > 5 {
					t.Errorf("%d series in %d requests", n, len(got.requests))
				}
			},
		},
		{
			name: "symbols", versions: []remotewrite.Protocol{remotewrite.V2},
			register: func(r *metric.ContextRegistry) func() {
				v := metric.NewCounterVec(metric.CounterOpts{Name: "http_requests_total", Help: "Requests."}, []string{"method", "status", "handler"})
				for _, values := range []string{"GET 200 /v1", "POST 200 /v1", "GET 404 /v1", "GET 200 /v2"} {
					v.WithLabelValues(strings.Fields(values)...).Inc()
				}
				r.MustRegister(v)
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				// The empty symbol, __name__, the metric's name, the help text, and three names and six
				// values of labels.
				if symbols := got.requests[0].Symbols; len(symbols) != 13 {
					t.Errorf("%d symbols: %q", len(symbols), symbols)
				}
			},
		},
	}
}
