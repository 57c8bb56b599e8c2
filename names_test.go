package metric_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// served scrapes g over HTTP and returns the body and the log.
func served(t *testing.T, g metric.Gatherer, accept string) (body, log string) {
	t.Helper()
	var errs strings.Builder
	h := metric.HandlerFor(g, metric.HandlerOpts{
		EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true, ErrorHandling: metric.ContinueOnError,
		ErrorLog: func(err error) { fmt.Fprintln(&errs, err) },
	})
	return request(h, "Accept", accept).Body.String(), errs.String()
}

const openMetricsText = "application/openmetrics-text;version=1.0.0;escaping=underscores"

// TestUnannouncedFamily checks that a stream collector cannot take the name of another family,
// whether it is scraped over HTTP, gathered or collected.
func TestUnannouncedFamily(t *testing.T) {
	var (
		announced = metric.NewDesc("announced", "Of a test.", nil, nil)
		other     = metric.NewDesc("http_requests_total", "Of a test.", nil, nil)
	)
	for name, write := range map[string]func(*metric.Sink) error{
		"a value": func(s *metric.Sink) error { return s.Counter(other, 666) },
		"a metric": func(s *metric.Sink) error {
			return s.Metric(metric.MustNewConstMetric(other, metric.CounterValue, 666))
		},
	} {
		newRegistry := func(named bool) *metric.ContextRegistry {
			r := metric.NewContextRegistry(metric.WithSelfMetrics("self"))
			counter := metric.NewCounter(metric.CounterOpts{Name: "http_requests_total", Help: "Of a test."})
			counter.Add(7)
			r.MustRegister(counter)
			c := streamWith(func(_ context.Context, s *metric.Sink) error {
				if err := write(s); err != nil {
					return err
				}
				return s.Gauge(announced, 1)
			}, announced)
			var err error
			if named {
				err = r.RegisterWith(c, metric.WithName("cuckoo"))
			} else { // This registry does not support stream collectors.
				theirs := prometheus.NewRegistry()
				theirs.MustRegister(c)
				err = metric.NewMultiGatherer().Register("x", theirs)
				_, gatherErr := theirs.Gather()
				if gatherErr == nil || !strings.Contains(gatherErr.Error(), `"http_requests_total" was not announced`) {
					t.Errorf("collected: %v", gatherErr)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		t.Run(name, func(t *testing.T) {
			r := newRegistry(true)
			for range 2 {
				body, log := served(t, r, "")
				if !strings.Contains(body, "\nhttp_requests_total 7\n") || !strings.Contains(body, "\nannounced 1\n") || strings.Contains(body, "http_requests_total 666") {
					t.Errorf("got %s", body)
				}
				if want := `collector cuckoo: `; !strings.Contains(log, want) || !strings.Contains(log, `"http_requests_total" was not announced`) {
					t.Errorf("logged %s", log)
				}
			}
			families, err := r.Gather()
			if err == nil || !strings.Contains(err.Error(), `"http_requests_total" was not announced`) {
				t.Errorf("got %v", err)
			}
			for _, f := range families {
				switch f.GetName() {
				case "http_requests_total":
					if len(f.Metric) != 1 || f.Metric[0].GetCounter().GetValue() != 7 {
						t.Errorf("got %v", f)
					}
				case "self_scrape_collector_dropped_samples_total":
					if n := f.Metric[0].GetCounter().GetValue(); n < 2 {
						t.Errorf("%v samples were counted", n)
					}
				}
			}
			newRegistry(false)
		})
	}
}

// TestStuckStream checks that a healthy stream of any size is complete beside a stream that is stuck
// in the middle of its family.
func TestStuckStream(t *testing.T) {
	const samples = 30_000
	for order, timeout := range []time.Duration{10 * time.Second, time.Second} {
		{
			t.Run(fmt.Sprint(timeout, order), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					begun := make(chan struct{})
					padding := strings.Repeat("x", 500)
					stuckDesc := metric.NewDesc("stuck", "Of a test.", []string{"n", "pad"}, nil)
					stuck := streamWith(func(ctx context.Context, s *metric.Sink) error {
						defer close(begun)
						if err := writeNumbered(s, stuckDesc, 0, 300, padding); err != nil {
							return err
						}
						begun <- struct{}{}
						<-ctx.Done()
						return ctx.Err()
					}, stuckDesc)
					healthyDesc := metric.NewDesc("healthy", "Of a test.", []string{"n", "pad"}, nil)
					healthy := streamWith(func(_ context.Context, s *metric.Sink) error {
						<-begun
						return writeNumbered(s, healthyDesc, 0, samples, padding)
					}, healthyDesc)
					r := metric.NewContextRegistry()
					if order == 0 {
						r.MustRegister(stuck, healthy)
					} else {
						r.MustRegister(healthy, stuck)
					}
					h := metric.HandlerFor(r, metric.HandlerOpts{Timeout: timeout, ErrorHandling: metric.ContinueOnError})
					response := httptest.NewRecorder()
					h.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
					body := response.Body.Bytes()
					if n := bytes.Count(body, []byte("\nhealthy{")); n != samples {
						t.Errorf("%d samples of the healthy one, want %d", n, samples)
					}
					if n := bytes.Count(body, []byte("\nstuck{")); n != 300 {
						t.Errorf("%d samples of the stuck one", n)
					}
					for _, name := range []string{"healthy", "stuck"} {
						first, last := bytes.Index(body, []byte("\n"+name+"{")), bytes.LastIndex(body, []byte("\n"+name+"{"))
						other := []byte("\nstuck{")
						if name == "stuck" {
							other = []byte("\nhealthy{")
						}
						if bytes.Contains(body[first:last], other) {
							t.Errorf("%s is not together", name)
						}
					}
				})
			})
		}
	}
}

// TestClashAtRegistration checks that clashes that no scrape could serve are refused at once, in
// either order, and that names are free again when their instrument is unregistered.
func TestClashAtRegistration(t *testing.T) {
	var (
		counter  = func(name string) metric.Collector { return metric.NewCounter(metric.CounterOpts{Name: name}) }
		gauge    = func(name string) metric.Collector { return metric.NewGauge(metric.GaugeOpts{Name: name}) }
		function = func(name string) metric.Collector {
			return metric.NewGaugeFunc(metric.GaugeOpts{Name: name}, func() float64 { return 1 })
		}
		histogram = func(name string) metric.Collector { return metric.NewHistogram(metric.HistogramOpts{Name: name}) }
		summary   = func(name string) metric.Collector { return metric.NewSummary(metric.SummaryOpts{Name: name}) }
		vec       = func(name string) metric.Collector {
			return metric.NewGaugeVec(metric.GaugeOpts{Name: name}, []string{"l"})
		}
		prefixed = func(c metric.Collector) metric.Collector { return metric.WrapCollectorWithPrefix("p_", c) }
	)
	for _, test := range []struct {
		a, b metric.Collector
		want string // part of the error about b, or "" if it is registered
	}{
		{histogram("lat"), counter("lat_count"),
			`cannot register the counter "lat_count" beside the histogram "lat", which is registered already: both have a series named "lat_count"; rename one of them`},
		{counter("lat_count"), histogram("lat"),
			`cannot register the histogram "lat" beside the counter "lat_count", which is registered already: both have a series named "lat_count"; rename one of them`},
		{histogram("lat"), gauge("lat_bucket"), `"lat_bucket"`},
		{summary("lat"), function("lat_sum"), `"lat_sum"`},
		{function("lat_sum"), summary("lat"), `"lat_sum"`},
		{histogram("lat"), summary("lat_count"), `"lat_count"`},
		{prefixed(histogram("lat")), gauge("p_lat_count"), `"p_lat_count"`},
		{prefixed(function("lat_count")), histogram("p_lat"), `"p_lat_count"`},
		{summary("lat"), gauge("lat_bucket"), ""},
		{histogram("lat"), gauge("lat_total"), ""},
		{gauge("lat"), gauge("lat_count"), ""},
		{histogram("lat"), vec("lat_count"), ""},   // The vector may never have a series.
		{histogram("a.b"), gauge("a_b_count"), ""}, // The clash depends on the client.
		{prefixed(histogram("lat")), gauge("lat_count"), ""},
	} {
		r := metric.NewContextRegistry()
		r.MustRegister(test.a)
		err := r.Register(test.b)
		if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
		if test.want == "" {
			continue
		}
		if _, err := r.Gather(); err != nil {
			t.Errorf("what was refused is there: %v", err)
		}
		if !r.Unregister(test.a) {
			t.Error("the first one has gone")
		}
		if err := r.Register(test.b); err != nil {
			t.Errorf("the name is not free: %v", err)
		}
	}
}

// TestOwners checks that dropped samples are reported and counted under the name of their collector.
func TestOwners(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("self"))
	r.MustRegister(metric.NewHistogram(metric.HistogramOpts{Name: "h"}))
	vec := metric.NewGaugeVec(metric.GaugeOpts{Name: "h_count"}, []string{"l"})
	vec.WithLabelValues("x").Set(1)
	if err := r.RegisterWith(vec, metric.WithName("mine")); err != nil {
		t.Fatal(err)
	}
	foreign := metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
		for _, l := range []string{"x", "y", "z"} {
			ch <- metric.MustNewConstMetric(metric.NewDesc("h_sum", "", []string{"l"}, nil), metric.GaugeValue, 1, l)
		}
		ch <- metric.MustNewConstMetric(metric.NewDesc("merged", "", []string{"a.b", "a_b"}, nil), metric.GaugeValue, 1, "1", "2")
	})
	if err := r.RegisterWith(foreign, metric.WithName("theirs")); err != nil {
		t.Fatal(err)
	}
	body, log := served(t, r, "text/plain;escaping=underscores")
	for _, want := range []string{
		`collector mine: collected metric named "h_count" collides with previously collected histogram named "h"`,
		`collector theirs: collected metric named "h_sum" collides with previously collected histogram named "h"`,
		`collector theirs: merged{"a.b"="1",a_b="2"} cannot be written in the text format: two or more labels are named a_b after escaping`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in\n%s", want, log)
		}
	}
	if strings.Contains(log, "collector native") {
		t.Error(log)
	}
	if strings.Contains(body, "h_sum{") || strings.Contains(body, "h_count{") {
		t.Error(body)
	}
	body, _ = served(t, r, "")
	if !strings.Contains(body, `self_scrape_collector_dropped_samples_total{collector="theirs"} 4`) {
		t.Error(body)
	}
}

// TestWrittenNames checks clashes that appear only in the exposition.
func TestWrittenNames(t *testing.T) {
	gauge := func(name string, labels metric.Labels) metric.Collector {
		c := metric.NewGauge(metric.GaugeOpts{Name: name, ConstLabels: labels})
		c.Set(1)
		return c
	}
	counter := func(name string) metric.Collector { return metric.NewCounter(metric.CounterOpts{Name: name}) }
	histogram := func(name string) metric.Collector { return metric.NewHistogram(metric.HistogramOpts{Name: name}) }
	unchecked := func(c metric.Collector) metric.Collector {
		return metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) { c.Collect(ch) })
	}
	for name, test := range map[string]struct {
		collectors []metric.Collector
		served     []string
		missing    []string
		log        string
	}{
		"the plain family": {
			[]metric.Collector{gauge("a.b", metric.Labels{"x": "1"}), gauge("a_b", metric.Labels{"y": "1"})},
			[]string{`a_b{y="1"} 1.0`}, []string{`a_b{x="1"}`}, `collector a.b: collected metric named "a.b" collides with previously collected gauge named "a_b", since both would be written as "a_b"`,
		},
		"a suffix after escaping": {
			[]metric.Collector{histogram("h.x"), gauge("h_x_count", nil)},
			[]string{"h_x_count 1.0"}, []string{"h_x_bucket"}, `collector h.x: `,
		},
		"the plain label": {
			[]metric.Collector{gauge("g", metric.Labels{"a.b": "1"}), unchecked(gauge("g", metric.Labels{"a_b": "1"}))},
			[]string{`g{a_b="1"} 1.0`}, nil, `{"a.b"="1"} was collected before`,
		},
		"no label": {
			[]metric.Collector{metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
				ch <- metric.MustNewConstMetric(metric.NewDesc("g", "", []string{"a", "b"}, nil), metric.GaugeValue, 2, "1", "")
				ch <- metric.MustNewConstMetric(metric.NewDesc("g", "", []string{"a"}, nil), metric.GaugeValue, 1, "1")
			})},
			[]string{`g{a="1"} 1.0`}, []string{`b=""`}, `{a="1",b=""} was collected before`,
		},
		"an empty label that clashes with nothing": {
			[]metric.Collector{gauge("g", metric.Labels{"a": "1", "b": ""})},
			[]string{`g{a="1",b=""} 1.0`}, nil, "",
		},
		"creation times beside a family": {
			[]metric.Collector{counter("x_total"), gauge("x_created", nil)},
			[]string{"x_total 0.0", "x_created 1.0"}, []string{"x_created 1.7", "x_created 1.8"}, `collector x_total: the creation times of family "x_total" were left out`,
		},
		"creation times of two families": {
			[]metric.Collector{counter("x_total"), metric.NewSummary(metric.SummaryOpts{Name: "x"})},
			[]string{"x_total 0.0", "x_count 0", "x_created "}, nil, `were left out, since they would be written as "x_created"`,
		},
		"a gauge beside a counter": { // client_golang writes this, and Prometheus reads it.
			[]metric.Collector{counter("x_total"), gauge("x", nil)},
			[]string{"# TYPE x counter", "# TYPE x gauge", "x_total 0.0", "x 1.0"}, nil, "",
		},
		"another help": {
			[]metric.Collector{metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
				ch <- metric.MustNewConstMetric(metric.NewDesc("g", "First.", []string{"a"}, nil), metric.GaugeValue, 1, "1")
				ch <- metric.MustNewConstMetric(metric.NewDesc("g", "Second.", []string{"a"}, nil), metric.GaugeValue, 2, "2")
			})},
			[]string{"# HELP g First.", `g{a="1"} 1.0`, `g{a="2"} 2.0`}, []string{"Second"}, `has help "Second." but should have "First."`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			r.MustRegister(test.collectors...)
			body, log := served(t, r, openMetricsText)
			for _, line := range test.served {
				if strings.Count(body, "\n"+line)+strings.Count(body[:len(line)], line) != 1 {
					t.Errorf("not once: %s", line)
				}
			}
			for _, line := range test.missing {
				if strings.Contains(body, line) {
					t.Errorf("there is %s", line)
				}
			}
			if (log == "") != (test.log == "") || !strings.Contains(log, test.log) {
				t.Errorf("logged %q, want %q", log, test.log)
			}
			if t.Failed() {
				t.Log(body)
			}
		})
	}
}
