package promhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// An instrument registers new metrics and wraps a handler in instrumentation that updates them.
type instrument func(r metric.Registerer, labels []string, next http.Handler, opts ...promhttp.Option) http.Handler

// registered registers c and returns it.
func registered[C metric.Collector](r metric.Registerer, c C) C {
	r.MustRegister(c)
	return c
}

// histogramOpts returns options with which the speed of a test does not affect its result.
func histogramOpts(name string) metric.HistogramOpts {
	return metric.HistogramOpts{Name: name, Help: "Observed.", Buckets: []float64{1e6}}
}

// observing returns an instrument for a function that takes an ObserverVec: a vector of histograms or
// summaries of this module or of client_golang.
func observing(name string, function func(metric.ObserverVec, http.Handler, ...promhttp.Option) http.Handler,
	vec func(name string, labels []string) metric.ObserverVec,
) instrument {
	return func(r metric.Registerer, labels []string, next http.Handler, opts ...promhttp.Option) http.Handler {
		return function(registered(r, vec(name, labels)), next, opts...)
	}
}

func ourHistogram(name string, labels []string) metric.ObserverVec {
	return metric.NewHistogramVec(histogramOpts(name), labels)
}

func theirHistogram(name string, labels []string) metric.ObserverVec {
	return prometheus.NewHistogramVec(histogramOpts(name), labels)
}

func ourSummary(name string, labels []string) metric.ObserverVec {
	return metric.NewSummaryVec(metric.SummaryOpts{Name: name, Help: "Observed."}, labels)
}

func theirSummary(name string, labels []string) metric.ObserverVec {
	return prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: name, Help: "Observed."}, labels)
}

var counterOpts = metric.CounterOpts{Name: "requests_total", Help: "Counted."}

// instruments are the functions that take a vector, of this package and of client_golang, each with a vector
// of its own module.
var instruments = map[string]struct{ ours, theirs instrument }{
	"counter": {
		func(r metric.Registerer, labels []string, next http.Handler, opts ...promhttp.Option) http.Handler {
			return promhttp.InstrumentHandlerCounter(registered(r, metric.NewCounterVec(counterOpts, labels)), next, opts...)
		},
		func(r metric.Registerer, labels []string, next http.Handler, opts ...promhttp.Option) http.Handler {
			return clienthttp.InstrumentHandlerCounter(registered(r, prometheus.NewCounterVec(counterOpts, labels)), next, opts...)
		},
	},
	"duration": {
		observing("duration_seconds", handlerFunc(promhttp.InstrumentHandlerDuration), ourHistogram),
		observing("duration_seconds", handlerFunc(clienthttp.InstrumentHandlerDuration), theirHistogram),
	},
	"duration in a summary": {
		observing("duration_seconds", handlerFunc(promhttp.InstrumentHandlerDuration), ourSummary),
		observing("duration_seconds", handlerFunc(clienthttp.InstrumentHandlerDuration), theirSummary),
	},
	"time to write header": {
		observing("header_seconds", handlerFunc(promhttp.InstrumentHandlerTimeToWriteHeader), ourHistogram),
		observing("header_seconds", handlerFunc(clienthttp.InstrumentHandlerTimeToWriteHeader), theirHistogram),
	},
	"request size": {
		observing("request_bytes", handlerFunc(promhttp.InstrumentHandlerRequestSize), ourHistogram),
		observing("request_bytes", handlerFunc(clienthttp.InstrumentHandlerRequestSize), theirHistogram),
	},
	"response size": {
		observing("response_bytes", promhttp.InstrumentHandlerResponseSize, ourSummary),
		observing("response_bytes", clienthttp.InstrumentHandlerResponseSize, theirSummary),
	},
}

// handlerFunc returns f as a function that returns a Handler.
func handlerFunc(f func(metric.ObserverVec, http.Handler, ...promhttp.Option) http.HandlerFunc) func(metric.ObserverVec, http.Handler, ...promhttp.Option) http.Handler {
	return func(obs metric.ObserverVec, next http.Handler, opts ...promhttp.Option) http.Handler {
		return f(obs, next, opts...)
	}
}

// scripted responds as the path asks.
func scripted(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/nothing":
	case "/missing":
		http.NotFound(w, r)
	case "/flush":
		_ = http.NewResponseController(w).Flush()
	case "/copy":
		_, _ = io.Copy(w, strings.NewReader("copied"))
	case "/panic":
		panic("the handler panics")
	case "/late panic":
		w.WriteHeader(http.StatusAccepted)
		panic("the handler panics")
	default:
		_, _ = io.WriteString(w, "served")
	}
}

type contextKey struct{}

// play sends requests of all kinds to h.
func play(h http.Handler) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodConnect, "get", "BREW"} {
		for _, path := range []string{"/", "/nothing", "/missing", "/flush", "/copy", "/panic", "/late%20panic"} {
			r := httptest.NewRequest(method, path, strings.NewReader("a body"))
			r.Header.Set("X-Tenant", "acme")
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, "blue"))
			recovered(func() { h.ServeHTTP(httptest.NewRecorder(), r) })
		}
	}
}

func TestInstrumentHandler(t *testing.T) {
	tenant := promhttp.WithLabelFromRequest("tenant", func(r *http.Request) string { return r.Header.Get("X-Tenant") })
	colour := promhttp.WithLabelFromCtx("colour", func(ctx context.Context) string { return fmt.Sprint(ctx.Value(contextKey{})) })
	brew := promhttp.WithExtraMethods("BREW")
	trace := promhttp.WithExemplarFromRequest(func(r *http.Request) metric.Labels {
		if r.Method != http.MethodPost {
			return nil
		}
		return metric.Labels{"path": r.URL.Path}
	})
	span := promhttp.WithExemplarFromContext(func(ctx context.Context) metric.Labels {
		return metric.Labels{"span": fmt.Sprint(ctx.Value(contextKey{}))}
	})
	for name, i := range instruments {
		for _, tc := range []struct {
			name   string
			labels []string
			opts   []promhttp.Option
		}{
			{"no labels", nil, nil},
			{"code", []string{"code"}, nil},
			{"method", []string{"method"}, nil},
			{"both", []string{"method", "code"}, nil},
			{"extra method", []string{"method"}, []promhttp.Option{brew}},
			{"label of the request", []string{"tenant"}, []promhttp.Option{tenant}},
			{"all labels", []string{"code", "colour", "method", "tenant"}, []promhttp.Option{tenant, colour, brew}},
			{"exemplar of the request", []string{"code"}, []promhttp.Option{trace}},
			{"exemplar of the context", nil, []promhttp.Option{span}},
		} {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				ours, theirs := metric.NewRegistry(), prometheus.NewRegistry()
				play(i.ours(ours, tc.labels, http.HandlerFunc(scripted), tc.opts...))
				play(i.theirs(theirs, tc.labels, http.HandlerFunc(scripted), tc.opts...))
				sameGathered(t, ours, theirs)
			})
		}
	}
}

// TestForeignVectors checks that the functions of this package can observe into client_golang's vectors.
func TestForeignVectors(t *testing.T) {
	ours, theirs := metric.NewRegistry(), prometheus.NewRegistry()
	play(promhttp.InstrumentHandlerResponseSize(registered(ours, theirSummary("response_bytes", []string{"code"})), http.HandlerFunc(scripted)))
	play(clienthttp.InstrumentHandlerResponseSize(registered(theirs, ourSummary("response_bytes", []string{"code"})), http.HandlerFunc(scripted)))
	sameGathered(t, ours, theirs)
}

func TestExemplars(t *testing.T) {
	r := metric.NewRegistry()
	exemplar := promhttp.WithExemplarFromContext(func(ctx context.Context) metric.Labels {
		return metric.Labels{"span": fmt.Sprint(ctx.Value(contextKey{}))}
	})
	for _, name := range []string{"counter", "duration"} {
		play(instruments[name].ours(r, nil, http.HandlerFunc(scripted), exemplar))
	}
	families := gathered(t, r)
	for _, e := range []interface{ GetLabel() []*metric.LabelPair }{
		families[0].GetMetric()[0].GetHistogram().GetBucket()[0].GetExemplar(),
		families[1].GetMetric()[0].GetCounter().GetExemplar(),
	} {
		if l := e.GetLabel(); len(l) != 1 || l[0].GetName() != "span" || l[0].GetValue() != "blue" {
			t.Errorf("got exemplar labels %v", l)
		}
	}
}

// TestBadLabels checks that unusable vectors cause the same panics as in client_golang.
func TestBadLabels(t *testing.T) {
	label := promhttp.WithLabelFromCtx("tenant", func(context.Context) string { return "" })
	for name, i := range instruments {
		for _, tc := range []struct {
			labels []string
			opts   []promhttp.Option
		}{
			{[]string{"path"}, nil},
			{[]string{"code", "method", "path"}, nil},
			{[]string{"code", "path"}, nil},
			{[]string{"tenant"}, nil},
			{[]string{"code"}, []promhttp.Option{label}},
			{nil, []promhttp.Option{label}},
			{[]string{"code", "method", "path", "tenant"}, []promhttp.Option{label}},
		} {
			t.Run(fmt.Sprintf("%s/%v with %d options", name, tc.labels, len(tc.opts)), func(t *testing.T) {
				got := recovered(func() { i.ours(metric.NewRegistry(), tc.labels, nil, tc.opts...) })
				want := recovered(func() { i.theirs(prometheus.NewRegistry(), tc.labels, nil, tc.opts...) })
				if want == nil || !strings.Contains(fmt.Sprint(got), fmt.Sprint(want)) {
					t.Errorf("got panic %v, want %v", got, want)
				}
			})
		}
	}
}

// TestFixedLabels checks that vectors may have other labels if these are constant or curried.
func TestFixedLabels(t *testing.T) {
	opts := counterOpts
	opts.ConstLabels = metric.Labels{"zone": "a"}
	r := metric.NewRegistry()
	c := registered(r, metric.NewCounterVec(opts, []string{"path", "code"}))
	play(promhttp.InstrumentHandlerCounter(c.MustCurryWith(metric.Labels{"path": "/"}), http.HandlerFunc(scripted)))
	var codes []string
	for _, m := range gathered(t, r)[0].GetMetric() {
		codes = append(codes, m.GetLabel()[0].GetValue())
	}
	if !slices.Equal(codes, []string{"200", "404"}) {
		t.Errorf("got codes %v", codes)
	}
}

func TestInstrumentHandlerInFlight(t *testing.T) {
	for name, g := range map[string]prometheus.Gauge{
		"ours":   metric.NewGauge(metric.GaugeOpts{Name: "in_flight"}),
		"theirs": prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight"}),
	} {
		t.Run(name, func(t *testing.T) {
			value := func() float64 {
				var m metric.MetricData
				if err := g.Write(&m); err != nil {
					t.Fatal(err)
				}
				return m.GetGauge().GetValue()
			}
			inside := 0.0
			h := promhttp.InstrumentHandlerInFlight(g, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				inside = value()
				panic("the handler panics")
			}))
			recovered(func() { request(h, "/") })
			if inside != 1 || value() != 0 {
				t.Errorf("got %v while a request was served, and %v after it", inside, value())
			}
		})
	}
}
