package snippets

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
	"github.com/luxfi/metric/promhttp"
	"github.com/luxfi/metric/testutil"
)

// The snippets of docs/testing.md, in its order.

// Bakery bakes bread, counts the loaves, and measures how long each takes.
type Bakery struct {
	baked   *metric.CounterVec
	seconds metric.Histogram
}

// NewBakery returns a bakery that registers its metrics with registerer.
func NewBakery(registerer metric.Registerer) *Bakery {
	m := metric.NewWithRegistry("bakery", registerer)
	return &Bakery{
		baked:   m.NewCounterVec("baked_total", "Loaves by kind.", []string{"kind"}),
		seconds: m.NewHistogram("bake_duration_seconds", "Time to bake a loaf.", []float64{1800, 3600}),
	}
}

// Bake bakes a loaf.
func (b *Bakery) Bake(kind string, duration time.Duration) {
	timer := metric.NewTimer(b.seconds)
	defer timer.ObserveDuration()
	time.Sleep(duration)
	b.baked.WithLabelValues(kind).Inc()
}

func TestBake(t *testing.T) {
	bakery := NewBakery(metric.NewContextRegistry())
	bakery.Bake("rye", 0)
	if got := bakery.baked.WithLabelValues("rye").Get(); got != 1 {
		t.Errorf("got %v loaves of rye, want 1", got)
	}
}

func TestExposition(t *testing.T) {
	registry := metric.NewContextRegistry()
	bakery := NewBakery(registry)
	bakery.Bake("rye", 0)
	bakery.Bake("spelt", 0)
	want := `
		# HELP bakery_baked_total Loaves by kind.
		# TYPE bakery_baked_total counter
		bakery_baked_total{kind="rye"} 1
		bakery_baked_total{kind="spelt"} 1
	`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "bakery_baked_total"); err != nil {
		t.Error(err)
	}
}

func TestDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := metric.NewContextRegistry()
		NewBakery(registry).Bake("rye", 40*time.Minute) // It takes no real time.
		want := `
			# HELP bakery_bake_duration_seconds Time to bake a loaf.
			# TYPE bakery_bake_duration_seconds histogram
			bakery_bake_duration_seconds_bucket{le="1800"} 0
			bakery_bake_duration_seconds_bucket{le="3600"} 1
			bakery_bake_duration_seconds_bucket{le="+Inf"} 1
			bakery_bake_duration_seconds_sum 2400
			bakery_bake_duration_seconds_count 1
		`
		err := testutil.GatherAndCompare(registry, strings.NewReader(want), "bakery_bake_duration_seconds")
		if err != nil {
			t.Error(err)
		}
	})
}

func TestNames(t *testing.T) {
	registry := metric.NewContextRegistry()
	NewBakery(registry).Bake("rye", 0)
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestMetricsHandler(t *testing.T) {
	registry := metric.NewContextRegistry()
	NewBakery(registry).Bake("rye", 0)
	server := httptest.NewServer(metric.HandlerFor(registry))
	defer server.Close()

	want := `
		# HELP bakery_baked_total Loaves by kind.
		# TYPE bakery_baked_total counter
		bakery_baked_total{kind="rye"} 1
	`
	if err := testutil.ScrapeAndCompare(server.URL, strings.NewReader(want), "bakery_baked_total"); err != nil {
		t.Error(err)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	registry := metric.NewContextRegistry()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bread/{kind}", http.NotFound)
	handler := promhttp.InstrumentServer(registry, mux)

	request := httptest.NewRequest(http.MethodGet, "/bread/rye", http.NoBody)
	handler.ServeHTTP(httptest.NewRecorder(), request)

	n, err := testutil.GatherAndCount(registry, "http_server_request_duration_seconds")
	if err != nil || n != 1 {
		t.Errorf("got %d series, %v; want 1", n, err)
	}
}

// Oven collects the temperature of an oven.
type Oven struct {
	temperature func(context.Context) (float64, error)
}

var ovenTemperature = metric.NewDesc("oven_temperature_celsius", "Temperature of the oven.", nil, nil)

// Describe implements [metric.Collector].
func (o *Oven) Describe(ch chan<- *metric.Desc) { ch <- ovenTemperature }

// Collect implements [metric.Collector].
func (o *Oven) Collect(ch chan<- metric.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o.CollectWithContext(ctx, ch)
}

// CollectWithContext implements [metric.CollectorWithContext].
func (o *Oven) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	celsius, err := o.temperature(ctx)
	if err != nil {
		ch <- metric.NewInvalidMetric(ovenTemperature, err)
		return
	}
	ch <- metric.MustNewConstMetric(ovenTemperature, metric.GaugeValue, celsius)
}

func TestOven(t *testing.T) {
	oven := &Oven{func(context.Context) (float64, error) { return 230, nil }}
	metrictest.TestCollector(t, oven, metrictest.MustSend())
}

func TestOvenValue(t *testing.T) {
	oven := &Oven{func(context.Context) (float64, error) { return 230, nil }}
	if got := testutil.ToFloat64(oven); got != 230 {
		t.Errorf("got %v °C, want 230", got)
	}
}

func TestOvenFails(t *testing.T) {
	errUnplugged := errors.New("the oven is unplugged")
	registry := metric.NewContextRegistry()
	registry.MustRegister(&Oven{func(context.Context) (float64, error) { return 0, errUnplugged }})
	if _, err := registry.GatherWithContext(t.Context()); !errors.Is(err, errUnplugged) {
		t.Errorf("got the error %v, want %v", err, errUnplugged)
	}
}

// dialOven returns a function that asks an oven by HTTP.
func dialOven(url string) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return 0, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		return float64(response.StatusCode), nil
	}
}

func TestOvenHangs(t *testing.T) {
	backend := metrictest.NewHangingServer(t)
	registry := metric.NewContextRegistry()
	registry.MustRegister(&Oven{dialOven(backend.URL)})

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-backend.Accepted() // The collector waits for a response.
		cancel()
	}()
	if _, err := registry.GatherWithContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want %v", err, context.Canceled)
	}
}

func TestStuckCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		database := metrictest.New("database_up", metrictest.Stuck())
		registry := metric.NewContextRegistry()
		registry.MustRegister(database)
		NewBakery(registry).Bake("rye", 0)

		request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
		response := httptest.NewRecorder()
		start := time.Now()
		metric.HandlerFor(registry).ServeHTTP(response, request)

		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("the scrape took %v", took)
		}
		if !strings.Contains(response.Body.String(), `bakery_baked_total{kind="rye"} 1`) {
			t.Errorf("the other metrics are missing:\n%s", response.Body)
		}

		database.Release() // All goroutines of a bubble must end.
		if err := database.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestReportIsCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := metrictest.New("report_pages", metrictest.Healthy())
		registry := metric.NewContextRegistry()
		if err := registry.RegisterWith(report, metric.WithCache(time.Minute)); err != nil {
			t.Fatal(err)
		}
		for range 6 {
			if _, err := registry.GatherWithContext(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(20 * time.Second)
		}
		if n := report.Started(); n != 2 {
			t.Errorf("the report ran %d times in two minutes, want 2", n)
		}
	})
}

func TestWithoutRegistering(t *testing.T) {
	bakery := NewBakery(metric.NewNoOpRegistry())
	bakery.Bake("rye", 0)
}

// sellBread sells a loaf and counts it with an instrument of m.
func sellBread(m metric.Metrics) { m.NewCounter("sold_total", "Loaves sold.").Inc() }

func TestNoOp(t *testing.T) {
	m := metric.NewNoOp()
	sellBread(m)
	if got := m.NewCounter("sold_total", "").Get(); got != 1 {
		t.Errorf("got %v loaves, want 1", got)
	}
}
