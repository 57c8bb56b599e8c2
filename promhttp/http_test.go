package promhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // makes client_golang's handlers offer zstd
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// everything returns a registry with metrics of all types. The handlers of both packages serve it.
func everything() *prometheus.Registry {
	r := prometheus.NewRegistry()
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total", Help: "A \"counter\"\nof\\two."}, []string{"l"})
	c.WithLabelValues("a\"b\\c\nd").Add(1.5)
	if a, ok := c.WithLabelValues("ü").(prometheus.ExemplarAdder); ok {
		a.AddWithExemplar(3, prometheus.Labels{"trace": "7"})
	}
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h_seconds", Unit: "seconds", Help: "A histogram.", NativeHistogramBucketFactor: 1.1, Buckets: prometheus.DefBuckets})
	h.Observe(0.3)
	if o, ok := h.(prometheus.ExemplarObserver); ok {
		o.ObserveWithExemplar(7, prometheus.Labels{"trace": "8"})
	}
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s_bytes", Objectives: map[float64]float64{0.5: 0.05}})
	s.Observe(12)
	u := prometheus.NewGauge(prometheus.GaugeOpts{Name: "a.dotted-ü", Help: "A gauge.", ConstLabels: prometheus.Labels{"k.v": "x"}})
	u.Set(-1e21)
	r.MustRegister(c, h, s, u, prometheus.NewUntypedFunc(prometheus.UntypedOpts{Name: "u", Help: "Untyped."}, func() float64 { return 42 }))
	return r
}

// TestHandlerFor checks that this package's handler and client_golang's serve the same metrics.
func TestHandlerFor(t *testing.T) {
	reg := everything()
	meanings := make(map[string]string) // of expositions: most are equal, and client_golang's decoder takes long
	for name, opts := range map[string]promhttp.HandlerOpts{
		"zero":                 {},
		"OpenMetrics":          {EnableOpenMetrics: true},
		"created":              {EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true},
		"accepted formats":     {AcceptedFormats: []expfmt.Format{expfmt.FmtOpenMetrics_2_0_0, expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtText}},
		"no compression":       {DisableCompression: true, EnableOpenMetrics: true},
		"gzip alone":           {OfferedCompressions: []promhttp.Compression{promhttp.Gzip}},
		"zstd first":           {OfferedCompressions: []promhttp.Compression{promhttp.Zstd, promhttp.Identity, promhttp.Gzip}},
		"process start":        {ProcessStartTime: time.Unix(1_700_000_000, 999)},
		"continue on error":    {ErrorHandling: promhttp.ContinueOnError, EnableOpenMetrics: true},
		"coalesced and timely": {CoalesceGather: true, Timeout: time.Minute, MaxRequestsInFlight: 1},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := promhttp.HandlerFor(reg, opts), clienthttp.HandlerFor(reg, opts)
			for _, accept := range []string{
				"", "*/*", "text/plain", "text/plain;version=0.0.4;escaping=dots", "text/plain;version=1.0.0;escaping=allow-utf-8",
				"application/openmetrics-text", "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=1.0.0;escaping=values",
				"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,text/plain;q=0.5", "application/openmetrics-text;version=2.0.0",
				"application/openmetrics-text;version=2.0.0-rc", "application/openmetrics-text;version=2.0.0-rc.1,application/openmetrics-text;version=1.0.0;q=0.5",
				"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
				"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,text/plain;q=0.7",
				"application/json",
			} {
				for _, encoding := range []string{"", "gzip", "zstd", "gzip;q=0.5, zstd", "zstd, gzip", "br", "identity", "*", "gzip;q=0"} {
					for _, target := range []string{"/", "/?name[]=c_total&name[]=nothing", "/?name[]=", "/?collect[]=cpu&exclude[]=disk", "/?target=a;b&name[]=c_total", "/?target=%"} {
						if target != "/" && encoding != "" {
							continue
						}
						got := request(ours, target, "Accept", accept, "Accept-Encoding", encoding)
						want := request(theirs, target, "Accept", accept, "Accept-Encoding", encoding)
						where := fmt.Sprintf("Accept: %s, Accept-Encoding: %s, %s", accept, encoding, target)
						if got.Code != want.Code {
							t.Fatalf("%s: got status %d, want %d", where, got.Code, want.Code)
						}
						for _, key := range []string{"Content-Type", "Content-Encoding", "Vary", "Process-Start-Time-Unix"} {
							if g, w := got.Header().Values(key), want.Header().Values(key); !slices.Equal(g, w) {
								t.Errorf("%s: got %s %q, want %q", where, key, g, w)
							}
						}
						g, w := decompressed(t, got), decompressed(t, want)
						if strings.Contains(want.Header().Get("Content-Type"), "version=2.0.0") {
							for _, exposition := range []string{g, w} {
								if _, ok := meanings[exposition]; !ok {
									meanings[exposition] = openMetrics2(t, exposition)
								}
							}
							g, w = meanings[g], meanings[w]
						}
						if g != w {
							t.Fatalf("%s: got\n%s\nwant\n%s", where, g, w)
						}
					}
				}
			}
		})
	}
}

// openMetrics2 returns the content of an exposition in OpenMetrics 2.0 in a form that can be compared.
// client_golang writes the metadata in another order, and whole numbers with a decimal point.
func openMetrics2(t *testing.T, exposition string) string {
	t.Helper()
	var families strings.Builder
	for d := expfmt.NewDecoder(strings.NewReader(exposition), expfmt.FmtOpenMetrics_2_0_0); ; {
		var mf dto.MetricFamily
		switch err := d.Decode(&mf); {
		case errors.Is(err, io.EOF):
			return families.String()
		case err != nil:
			t.Fatalf("%v in\n%s", err, exposition)
		}
		if mf.GetHelp() == "" {
			mf.Help = nil // According to the specification, an empty help means no help.
		}
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(&mf)
		if err != nil {
			t.Fatal(err)
		}
		families.Write(data)
	}
}

// broken returns a registry with a collector that reports errs and, if healthy is true, a counter.
func broken(healthy bool, errs ...string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	if healthy {
		r.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "Counted."}))
	}
	r.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		for _, text := range errs {
			ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "Broken.", nil, nil), errors.New(text))
		}
	}))
	return r
}

// ourBroken is like broken, for a registry of package metric.
func ourBroken(healthy bool, errs ...string) *metric.Registry {
	r := metric.NewRegistry()
	if healthy {
		r.MustRegister(metric.NewCounter(metric.CounterOpts{Name: "c_total", Help: "Counted."}))
	}
	r.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		for _, text := range errs {
			ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "Broken.", nil, nil), errors.New(text))
		}
	}))
	return r
}

// TestErrors checks the responses to errors, the logs and the counters.
func TestErrors(t *testing.T) {
	for _, handling := range []promhttp.HandlerErrorHandling{promhttp.HTTPErrorOnError, promhttp.ContinueOnError, promhttp.PanicOnError} {
		for _, errs := range [][]string{nil, {"no luck"}, {"no luck", "no luck at all"}} {
			for _, healthy := range []bool{true, false} {
				for name, gatherer := range map[string]metric.Gatherer{
					"client_golang's registry": broken(healthy, errs...),
					"our registry":             ourBroken(healthy, errs...),
					"our gatherers":            metric.Gatherers{ourBroken(healthy, errs...)},
				} {
					t.Run(fmt.Sprintf("%d/%d errors/%t/%s", handling, len(errs), healthy, name), func(t *testing.T) {
						var theirGatherer prometheus.Gatherer = broken(healthy, errs...)
						if name == "our gatherers" {
							theirGatherer = prometheus.Gatherers{theirGatherer}
						}
						got := answerOf(promhttp.HandlerFor, gatherer, handling)
						want := answerOf(clienthttp.HandlerFor, theirGatherer, handling)
						if got != want {
							t.Errorf("got %s\nwant %s", got, want)
						}
					})
				}
			}
		}
	}
}

// answerOf returns the response, the logs and the counters of a handler.
func answerOf(handlerFor func(prometheus.Gatherer, promhttp.HandlerOpts) http.Handler, g prometheus.Gatherer, handling promhttp.HandlerErrorHandling) string {
	var logged strings.Builder
	counts := metric.NewRegistry()
	h := handlerFor(g, promhttp.HandlerOpts{ErrorHandling: handling, ErrorLog: log.New(&logged, "", 0), Registry: counts})
	var answer string
	panicked := recovered(func() {
		w := request(h, "/", "Accept-Encoding", "gzip")
		body, _ := w.Body.ReadString(0)
		if w.Header().Get("Content-Encoding") != "" {
			body = "compressed"
		}
		answer = fmt.Sprintf("%d %s %s", w.Code, w.Header().Get("Content-Type"), body)
	})
	if panicked != nil {
		answer = "a panic"
	}
	return fmt.Sprintf("answer: %s\nlog: %scounts: %s", answer, logged.String(), errorCounts(counts))
}

// errorCounts returns the counters of g, one on each line.
func errorCounts(g metric.Gatherer) (counts string) {
	families, err := g.Gather()
	if err != nil {
		return err.Error()
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			counts += fmt.Sprintln(f.GetName(), m.GetLabel()[0].GetValue(), m.GetCounter().GetValue())
		}
	}
	return counts
}

// TestErrorLogGetsMultiError checks that loggers that put errors on one line receive a MultiError.
func TestErrorLogGetsMultiError(t *testing.T) {
	for n, want := range map[int]int{1: 0, 2: 2} {
		var got []any
		h := promhttp.HandlerFor(ourBroken(true, []string{"no luck", "no luck at all"}[:n]...), promhttp.HandlerOpts{ErrorLog: logFunc(func(v ...any) { got = v })})
		request(h, "/")
		if len(got) != 2 || got[0] != "error gathering metrics:" {
			t.Fatalf("logged %q", got)
		}
		if multi, _ := got[1].(metric.MultiError); len(multi) != want {
			t.Errorf("logged a %T with %d errors, want %d", got[1], len(multi), want)
		}
	}
}

type logFunc func(v ...any)

func (f logFunc) Println(v ...any) { f(v...) }

// TestTakenErrorCounter checks that handlers share the error counter, and that HandlerFor panics if another
// metric has its name.
func TestTakenErrorCounter(t *testing.T) {
	r := metric.NewRegistry()
	for range 2 { // The second handler shares the counter of the first.
		promhttp.HandlerFor(r, promhttp.HandlerOpts{Registry: r})
	}
	taken := metric.NewRegistry()
	taken.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "promhttp_metric_handler_errors_total", Help: "Another."}))
	if recovered(func() { promhttp.HandlerFor(r, promhttp.HandlerOpts{Registry: taken}) }) == nil {
		t.Error("a taken name is not reported")
	}
}

// blocking returns a registry with a counter and with a collector that signals begun when it begins to block,
// and blocks until release is closed.
func blocking() (r *metric.Registry, begun, release chan struct{}) {
	r, begun, release = metric.NewRegistry(), make(chan struct{}, 100), make(chan struct{})
	r.MustRegister(
		metric.NewCounter(metric.CounterOpts{Name: "c_total", Help: "Counted."}),
		collectorFunc(func(chan<- prometheus.Metric) {
			begun <- struct{}{}
			<-release
		}),
	)
	return r, begun, release
}

func TestMaxRequestsInFlight(t *testing.T) {
	r, begun, release := blocking()
	h := promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 1})
	var first sync.WaitGroup
	first.Go(func() {
		if w := request(h, "/"); w.Code != http.StatusOK {
			t.Errorf("the first request got status %d", w.Code)
		}
	})
	<-begun
	w := request(h, "/")
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != "Limit of concurrent requests reached (1), try again later.\n" {
		t.Errorf("got status %d and body %q", w.Code, w.Body)
	}
	close(release)
	first.Wait()
	if w := request(h, "/"); w.Code != http.StatusOK {
		t.Errorf("a later request got status %d", w.Code)
	}
}

// TestTimeout checks that only the slow collector is missing after a timeout if ContinueOnError is set.
// Otherwise, the response must equal the response of client_golang.
func TestTimeout(t *testing.T) {
	const text = "# HELP c_total Counted.\n# TYPE c_total counter\nc_total 0\n"
	for _, tc := range []struct {
		handling promhttp.HandlerErrorHandling
		timeout  time.Duration
		header   string
		code     int
		body     string
		took     time.Duration
	}{
		{promhttp.HTTPErrorOnError, time.Second, "", http.StatusServiceUnavailable, "Exceeded configured timeout of 1s.\n", time.Second},
		{promhttp.PanicOnError, time.Second, "", http.StatusServiceUnavailable, "Exceeded configured timeout of 1s.\n", time.Second},
		{promhttp.ContinueOnError, time.Second, "", http.StatusOK, text, time.Second},
		{promhttp.ContinueOnError, 0, "10", http.StatusOK, text, 9900 * time.Millisecond},
		{promhttp.ContinueOnError, time.Second, "10", http.StatusOK, text, time.Second},
	} {
		t.Run(fmt.Sprintf("%d, %v and %q", tc.handling, tc.timeout, tc.header), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, _, release := blocking()
				defer close(release)
				h := promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: tc.handling, Timeout: tc.timeout})
				start := time.Now()
				w := request(h, "/", "X-Prometheus-Scrape-Timeout-Seconds", tc.header)
				if w.Code != tc.code || w.Body.String() != tc.body {
					t.Errorf("got status %d and body %q", w.Code, w.Body)
				}
				if took := time.Since(start); took != tc.took {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
	t.Run("another error", func(t *testing.T) {
		for handling, code := range map[promhttp.HandlerErrorHandling]int{
			promhttp.HTTPErrorOnError: http.StatusInternalServerError, promhttp.ContinueOnError: http.StatusOK,
		} {
			h := promhttp.HandlerFor(ourBroken(true, "no luck"), promhttp.HandlerOpts{ErrorHandling: handling, Timeout: time.Hour})
			if w := request(h, "/"); w.Code != code || strings.Contains(w.Body.String(), "timeout") {
				t.Errorf("got status %d and body %q", w.Code, w.Body)
			}
		}
		h := promhttp.HandlerFor(ourBroken(true, "no luck"), promhttp.HandlerOpts{ErrorHandling: promhttp.PanicOnError, Timeout: time.Hour})
		if recovered(func() { request(h, "/") }) == nil {
			t.Error("it does not panic")
		}
	})
}

// TestContext checks that the context of a request reaches the collectors behind a handler of this package.
func TestContext(t *testing.T) {
	r := metric.NewRegistry()
	var got any
	r.MustRegister(metric.NewCollectorFunc(func(chan<- *metric.Desc) {}, func(ctx context.Context, _ chan<- metric.Metric) {
		got = ctx.Value(contextKey{})
	}))
	h := promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	play(h)
	if got != "blue" {
		t.Errorf("got %v", got)
	}
}

// transactions counts its gathers and the notifications that a result is no longer used.
type transactions struct {
	metric.Gatherer
	mu             sync.Mutex
	gathered, done int
}

func (g *transactions) Gather() ([]*metric.MetricFamily, func(), error) {
	g.mu.Lock()
	g.gathered++
	g.mu.Unlock()
	families, err := g.Gatherer.Gather()
	return families, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.done++
	}, err
}

func TestHandlerForTransactional(t *testing.T) {
	for name, opts := range map[string]promhttp.HandlerOpts{"each for itself": {}, "coalesced": {CoalesceGather: true}, "with a timeout": {Timeout: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			g := &transactions{Gatherer: everything()}
			h := promhttp.HandlerForTransactional(g, opts)
			for i := range 3 {
				got, want := request(h, "/"), request(clienthttp.HandlerFor(g.Gatherer, opts), "/")
				if got.Code != http.StatusOK || got.Body.String() != want.Body.String() {
					t.Errorf("got status %d and body\n%s", got.Code, got.Body)
				}
				if g.gathered != i+1 || g.done != i+1 {
					t.Errorf("gathered %d times, told so %d times, want %d", g.gathered, g.done, i+1)
				}
			}
		})
	}
}

func TestCoalesceGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, release := blocking()
		g := &transactions{Gatherer: r}
		h := promhttp.HandlerForTransactional(g, promhttp.HandlerOpts{CoalesceGather: true})
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if w := request(h, "/"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "\nc_total 0\n") {
					t.Errorf("got status %d and body\n%s", w.Code, w.Body)
				}
			})
		}
		synctest.Wait() // All requests are waiting now.
		close(release)
		all.Wait()
		if g.gathered != 1 || g.done != 1 {
			t.Errorf("gathered %d times, told so %d times", g.gathered, g.done)
		}
		request(h, "/")
		if g.gathered != 2 || g.done != 2 {
			t.Errorf("gathered %d times in all, told so %d times", g.gathered, g.done)
		}
	})
}

// TestHandler checks that the default registries of both packages are served, with each family once.
func TestHandler(t *testing.T) {
	ours := metric.NewCounter(metric.CounterOpts{Name: "handler_test_ours_total"})
	theirs := prometheus.NewCounter(prometheus.CounterOpts{Name: "handler_test_theirs_total"})
	metric.MustRegister(ours)
	prometheus.MustRegister(theirs)
	defer metric.Unregister(ours)
	defer prometheus.Unregister(theirs)
	for name, h := range map[string]http.Handler{
		"Handler":    promhttp.Handler(),
		"HandlerFor": promhttp.InstrumentMetricHandler(metric.DefaultRegisterer, promhttp.HandlerFor(metric.DefaultGatherer, promhttp.HandlerOpts{})),
	} {
		t.Run(name, func(t *testing.T) {
			w := request(h, "/")
			body := w.Body.String()
			for _, name := range []string{
				"handler_test_ours_total", "handler_test_theirs_total", "go_goroutines", "process_cpu_seconds_total", "promhttp_metric_handler_requests_in_flight",
			} {
				if n := strings.Count(body, "# TYPE "+name+" "); n != 1 {
					t.Errorf("%s is there %d times", name, n)
				}
			}
			if got := w.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" {
				t.Errorf("got Content-Type %s", got)
			}
		})
	}
	// If the program sets another default gatherer, only that one is served.
	before := metric.DefaultGatherer
	defer func() { metric.DefaultGatherer = before }()
	metric.DefaultGatherer = metric.GathererFunc(metric.NewRegistry().Gather)
	if body := request(promhttp.HandlerFor(metric.DefaultGatherer, promhttp.HandlerOpts{}), "/").Body.String(); body != "" {
		t.Errorf("got\n%s", body)
	}
}
