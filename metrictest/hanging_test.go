package metrictest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// page is a collector that queries an HTTP server.
type page struct{ url string }

var pageSize = metric.NewDesc("page_bytes", "Size of the page.", nil, nil)

func (page) Describe(ch chan<- *metric.Desc) { ch <- pageSize }
func (p page) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	size, err := p.size(ctx)
	if err != nil {
		ch <- metric.NewInvalidMetric(pageSize, err)
		return
	}
	ch <- metric.MustNewConstMetric(pageSize, metric.GaugeValue, float64(size))
}

func (p page) Collect(ch chan<- metric.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	p.CollectWithContext(ctx, ch)
}

func (p page) size(ctx context.Context) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return io.Copy(io.Discard, response.Body)
}

// TestHangingServer shows how to test a collector with a backend that hangs. The collector must return when
// its context ends and report the reason.
func TestHangingServer(t *testing.T) {
	backend := metrictest.NewHangingServer(t)
	registry := metric.NewContextRegistry()
	registry.MustRegister(page{backend.URL})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-backend.Accepted() // The collector is waiting from now on.
		cancel()
	}()
	_, err := registry.GatherWithContext(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func ExampleNewHangingServer() {
	var t cleaningUp // in a test, the *testing.T
	backend := metrictest.NewHangingServer(&t)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	ch := make(chan metric.Metric, 1)
	page{backend.URL}.CollectWithContext(ctx, ch)
	err := (<-ch).Write(new(metric.MetricData))
	fmt.Println("deadline exceeded:", errors.Is(err, context.DeadlineExceeded))
	t.end()
	// Output: deadline exceeded: true
}

// cleaningUp takes the place of a *testing.T, and only cleans up.
type cleaningUp struct{ cleanups []func() }

func (*cleaningUp) Helper()               {}
func (*cleaningUp) Fatalf(string, ...any) {}
func (c *cleaningUp) Cleanup(f func())    { c.cleanups = append(c.cleanups, f) }
func (c *cleaningUp) end() {
	for _, f := range c.cleanups {
		f()
	}
}

// TestHangingServerIsClosed checks that the server breaks its connections and accepts no new ones after the
// test.
func TestHangingServerIsClosed(t *testing.T) {
	var test cleaningUp
	s := metrictest.NewHangingServer(&test)
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-s.Accepted()
	test.end()
	s.Close()
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("read %d bytes and error %v", n, err)
	}
	if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr); err == nil {
		c.Close()
		t.Error("there are new connections")
	}
}

// TestMessages checks the texts of reports.
func TestMessages(t *testing.T) {
	noLuck := errors.New("no luck")
	for name, test := range map[string]struct {
		collector metric.Collector
		opts      []metrictest.Option
		want      []string
	}{
		"returned": {
			metrictest.New("x", metrictest.Failing(noLuck)).Stream(), nil,
			[]string{"CollectTo returned an error, but should be able to collect everything in this test: no luck"},
		},
		"sent": {
			metrictest.New("x", metrictest.Failing(noLuck)).Plain(), nil,
			[]string{`it sent an invalid metric, which reports a failure, but should be able to collect everything in this test: ` +
				`error collecting metric "x" ("A gauge of package metrictest."): no luck`},
		},
		"neither": {
			metrictest.New("x", metrictest.Duplicating()).Plain(), nil,
			[]string{`it sends metrics that scrapes leave out, because they are not described, not consistent or not valid: ` +
				`collected metric "x" {series="healthy"} was collected before with the same name and label values`},
		},
		"nothing":             {metrictest.New("x", metrictest.Flooding(0)), nil, nil},
		"nothing, must send":  {metrictest.New("x", metrictest.Flooding(0)).Plain(), []metrictest.Option{metrictest.MustSend()}, []string{"Collect sent no metric, but MustSend wants at least one"}},
		"something, and must": {metrictest.New("x", metrictest.Healthy()).Stream(), []metrictest.Option{metrictest.MustSend()}, nil},
		"no stream at all": {
			metrictest.New("x", metrictest.Flooding(0)).Stream(), []metrictest.Option{metrictest.MustSend()},
			[]string{"Collect sent no metric, but MustSend wants at least one", "CollectTo sent no metric, but MustSend wants at least one"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r recorder
			metrictest.TestCollector(&r, test.collector, test.opts...)
			if len(r.failures) != len(test.want) {
				t.Fatalf("reported %q, want %q", r.failures, test.want)
			}
			for i, want := range test.want {
				if !strings.HasSuffix(r.failures[i], ": "+want) {
					t.Errorf("reported %s\nwant     %s", r.failures[i], want)
				}
			}
		})
	}
}

// TestGathererMustSend checks the option MustSend for gatherers.
func TestGathererMustSend(t *testing.T) {
	var r recorder
	empty := metric.NewContextRegistry()
	metrictest.TestGatherer(&r, empty)
	if len(r.failures) > 0 {
		t.Errorf("reported %q", r.failures)
	}
	metrictest.TestGatherer(&r, empty, metrictest.MustSend())
	if len(r.failures) != 2 || !strings.HasSuffix(r.failures[1], "GatherWithContext returned no family, but MustSend wants at least one") {
		t.Errorf("reported %q", r.failures)
	}
}
