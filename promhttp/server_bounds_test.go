package promhttp_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
	"github.com/luxfi/metric/testutil"
)

// valuesOf returns the values that a label has in a family.
func valuesOf(t *testing.T, g metric.Gatherer, family, label string) map[string]bool {
	t.Helper()
	values := make(map[string]bool)
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == family && l.GetName() == label {
					values[l.GetValue()] = true
				}
			}
		}
	}
	return values
}

// countOf returns the number of observations of all histograms of a family.
func countOf(t *testing.T, g metric.Gatherer, family string) (n uint64) {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == family {
				n += m.GetHistogram().GetSampleCount()
			}
		}
	}
	return n
}

// TestServerFlood checks that the number of series stays bounded if many goroutines send random methods,
// routes and codes.
func TestServerFlood(t *testing.T) {
	const goroutines, each, routes = 8, 500, 20
	for names, tc := range map[promhttp.Names]struct{ family, method, code, route, other, otherRoute string }{
		promhttp.OpenTelemetryNames: {"http_server_request_duration_seconds", "http_request_method", "http_response_status_code", "http_route", "_OTHER", "_OTHER"},
		promhttp.ClassicNames:       {"http_request_duration_seconds", "method", "code", "route", "unknown", "other"},
	} {
		reg := metric.NewRegistry()
		m := newServerMetrics(t, reg, promhttp.ServerOpts{
			Names: names, MaxRoutes: routes, Methods: []string{"GET", "PURGE"}, Route: func(r *http.Request) string { return r.URL.Path },
		})
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(g), 0))
				h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200 + random.IntN(800)) }))
				for range each {
					method := []string{"GET", "PURGE", "get", fmt.Sprint("M", random.Int())}[random.IntN(4)]
					path := fmt.Sprint("/", random.IntN(1000), strings.Repeat("\xff", random.IntN(2)*600))
					r := httptest.NewRequest(method, "/", http.NoBody)
					r.URL.Path = path
					h.ServeHTTP(httptest.NewRecorder(), r)
				}
			})
		}
		wg.Wait()
		if n := countOf(t, reg, tc.family); n != goroutines*each {
			t.Errorf("%d requests were counted, want %d", n, goroutines*each)
		}
		for label, limit := range map[string]int{tc.method: 3, tc.code: 401, tc.route: routes + 1} {
			values := valuesOf(t, reg, tc.family, label)
			if len(values) > limit {
				t.Errorf("%s has %d values, at most %d are allowed: %v", label, len(values), limit, values)
			}
			other := tc.other
			if label == tc.route {
				other = tc.otherRoute
			}
			if !values[other] {
				t.Errorf("%s has no value %q: %v", label, other, values)
			}
		}
	}
}

// TestServerShares checks that all instrumented handlers of a registry share the metrics and the limit of
// routes.
func TestServerShares(t *testing.T) {
	reg := metric.NewRegistry()
	path := func(r *http.Request) string { return r.URL.Path }
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	var inUse []http.Handler
	for i := range 10 {
		h := newServerMetrics(t, metric.WrapRegistererWith(metric.Labels{"server": "a"}, reg), promhttp.ServerOpts{MaxRoutes: 3, Route: path}).Handler(nothing)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, fmt.Sprint("/", i), http.NoBody))
		inUse = append(inUse, h)
	}
	runtime.KeepAlive(inUse)
	if values := valuesOf(t, reg, "http_server_request_duration_seconds", "http_route"); len(values) != 4 || !values["_OTHER"] {
		t.Errorf("got routes %v, want three and _OTHER", values)
	}
	if n := countOf(t, reg, "http_server_request_duration_seconds"); n != 10 {
		t.Errorf("%d requests were counted, want 10", n)
	}
	other := metric.NewRegistry()
	promhttp.InstrumentServer(other, nil)
	promhttp.InstrumentServer(other, nil)
}

func TestServerErrors(t *testing.T) {
	taken := metric.NewRegistry()
	taken.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "http_server_active_requests", Help: "Number of HTTP requests in flight."}))
	for name, tc := range map[string]struct {
		reg  metric.Registerer
		opts promhttp.ServerOpts
		want string
	}{
		"no registerer":    {nil, promhttp.ServerOpts{}, "the registerer is nil"},
		"name taken":       {taken, promhttp.ServerOpts{}, `metric "http_server_active_requests"`},
		"buckets":          {metric.NewRegistry(), promhttp.ServerOpts{SizeBuckets: []float64{2, 1}}, "http_server_request_body_size_bytes"},
		"too many methods": {metric.NewRegistry(), promhttp.ServerOpts{Methods: make([]string, 256)}, "256 methods"},
		"bad method":       {metric.NewRegistry(), promhttp.ServerOpts{Methods: []string{"\xff"}}, `"\xff" is not valid UTF-8`},
		"unknown names":    {metric.NewRegistry(), promhttp.ServerOpts{Names: 2}, "unknown names 2"},
	} {
		if _, err := promhttp.NewServerMetrics(tc.reg, tc.opts); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, tc.want)
		}
		if tc.reg == nil {
			continue
		}
		if n := len(gathered(t, tc.reg.(metric.Gatherer))); tc.reg != taken && n != 0 {
			t.Errorf("%s: %d families are left behind", name, n)
		}
		// The metrics registered before the error must have been unregistered.
		if err := tc.reg.Register(metric.NewGauge(metric.GaugeOpts{Name: "http_server_request_duration_seconds"})); err != nil {
			t.Errorf("%s: left behind: %v", name, err)
		}
	}
	if recovered(func() { promhttp.InstrumentServer(nil, nil) }) == nil {
		t.Error("InstrumentServer does not panic without a registerer")
	}
}

// TestNilMux checks that MuxRoute(nil) uses http.DefaultServeMux.
func TestNilMux(t *testing.T) {
	if route := promhttp.MuxRoute(nil)(httptest.NewRequest(http.MethodGet, "/nowhere", http.NoBody)); route != "" {
		t.Errorf("got route %q", route)
	}
}

// TestServerHistograms checks which classic and native buckets the options select.
func TestServerHistograms(t *testing.T) {
	for name, tc := range map[string]struct {
		opts            promhttp.ServerOpts
		classic, sizes  int
		hasNativeSchema bool
	}{
		"default":         {promhttp.ServerOpts{}, 14, 10, false},
		"classic names":   {promhttp.ServerOpts{Names: promhttp.ClassicNames}, 11, 10, false},
		"own":             {promhttp.ServerOpts{DurationBuckets: []float64{1}, SizeBuckets: []float64{1, 2}}, 1, 2, false},
		"classic, native": {promhttp.ServerOpts{NativeBucketFactor: 1.1}, 14, 10, true},
		"native": {
			promhttp.ServerOpts{NativeBucketFactor: 1.1, DurationBuckets: []float64{}, SizeBuckets: []float64{}}, 0, 0, true,
		},
	} {
		reg := metric.NewRegistry()
		newServerMetrics(t, reg, tc.opts).Handler(http.NotFoundHandler()).ServeHTTP(
			httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		for _, f := range gathered(t, reg) {
			h := f.GetMetric()[0].GetHistogram()
			want := tc.sizes
			if strings.HasSuffix(f.GetName(), "_seconds") {
				want = tc.classic
			}
			if h != nil && (len(h.GetBucket()) != want || (h.Schema != nil) != tc.hasNativeSchema) {
				t.Errorf("%s: %s has %d buckets, native: %v", name, f.GetName(), len(h.GetBucket()), h.Schema != nil)
			}
		}
	}
}

func TestServerExemplars(t *testing.T) {
	type traceKey struct{}
	of := func(ctx context.Context) metric.Labels {
		if id, ok := ctx.Value(traceKey{}).(string); ok {
			return metric.Labels{"trace_id": id}
		}
		return nil
	}
	for name, opts := range map[string]promhttp.ServerOpts{
		"option": {Names: promhttp.ClassicNames, Exemplar: of},
		"global": {Names: promhttp.ClassicNames},
	} {
		t.Run(name, func(t *testing.T) {
			if opts.Exemplar == nil {
				metric.SetExemplarFromContext(of)
				defer metric.SetExemplarFromContext(nil)
			}
			for trace, want := range map[string]string{"4711": "4711", strings.Repeat("too long", 100): "", "": ""} {
				reg := metric.NewRegistry()
				h := newServerMetrics(t, reg, opts).Handler(http.NotFoundHandler())
				r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
				if trace != "" {
					r = r.WithContext(context.WithValue(r.Context(), traceKey{}, trace))
				}
				h.ServeHTTP(httptest.NewRecorder(), r)
				_, counter := onlySeries(t, reg, "http_requests_total")
				_, histogram := onlySeries(t, reg, "http_request_duration_seconds")
				if e := counter.GetCounter().GetExemplar(); (e != nil) != (want != "") || e != nil && e.GetLabel()[0].GetValue() != want {
					t.Errorf("counter: got exemplar %v, want %q", e, want)
				}
				found := ""
				for _, b := range histogram.GetHistogram().GetBucket() {
					if e := b.GetExemplar(); e != nil {
						found = e.GetLabel()[0].GetValue()
					}
				}
				if found != want {
					t.Errorf("histogram: got exemplar %q, want %q", found, want)
				}
			}
		})
	}
}

// TestServerLint checks that promlint accepts the names of all server and client metrics.
func TestServerLint(t *testing.T) {
	for _, names := range []promhttp.Names{promhttp.OpenTelemetryNames, promhttp.ClassicNames} {
		reg := metric.NewRegistry()
		newServerMetrics(t, reg, promhttp.ServerOpts{Names: names}).Handler(http.NotFoundHandler()).ServeHTTP(
			httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		client, err := promhttp.NewClientMetrics(reg, promhttp.ClientOpts{Names: names})
		if err != nil {
			t.Fatal(err)
		}
		answer := promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil })
		if _, err := client.RoundTripper(answer).RoundTrip(httptest.NewRequest(http.MethodGet, "http://example.com", http.NoBody)); err != nil { //nolint:bodyclose // The response has no body.
			t.Fatal(err)
		}
		problems, err := testutil.GatherAndLint(reg)
		if err != nil || len(problems) > 0 {
			t.Errorf("got %v and %v", problems, err)
		}
	}
}
