package push_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push"
)

// client is an HTTP client that keeps the body of the last request. It refuses requests whose context has
// ended.
type client struct{ body string }

func (c *client) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	c.body = string(body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
}

// hanging returns a collector that ignores its context and does not return before release is closed.
func hanging(release <-chan struct{}) metric.CollectorWithContext {
	return metric.NewCollectorFunc(
		func(ch chan<- *metric.Desc) { ch <- metric.NewDesc("hanging", "Never seen.", nil, nil) },
		func(context.Context, chan<- metric.Metric) { <-release },
	)
}

// TestPartial checks that the metrics of the other collectors are pushed in time while one collector hangs.
func TestPartial(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		r := metric.NewContextRegistry()
		good := metric.NewDesc("good", "It is there.", nil, nil)
		var value any
		r.MustRegister(metric.NewCollectorFunc(
			func(ch chan<- *metric.Desc) { ch <- good },
			func(ctx context.Context, ch chan<- metric.Metric) {
				value = ctx.Value(key{})
				ch <- metric.MustNewConstMetric(good, metric.GaugeValue, 1)
			},
		))
		if err := r.RegisterWith(hanging(release), metric.WithName("hanging")); err != nil {
			t.Fatal(err)
		}

		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), 8*time.Second)
		defer cancel()
		client, g := new(client), push.Partial(ctx, r)
		if err := g.Err(); err != nil {
			t.Errorf("before Gather: %v", err)
		}
		start := time.Now()
		if err := push.New("http://gateway", "job").Gatherer(g).Client(client).PushContext(ctx); err != nil {
			t.Errorf("pushing failed: %v", err)
		}
		if took := time.Since(start); took < 6*time.Second || took > 7*time.Second {
			t.Errorf("gathering took %v of 8 s, want 6 s", took)
		}
		if !strings.Contains(client.body, "It is there.") || strings.Contains(client.body, "Never seen.") {
			t.Errorf("%q was pushed", client.body)
		}
		if value != "value" {
			t.Errorf("the context that the collector got has the value %v", value)
		}
		failed, ok := errors.AsType[*metric.GatherError](g.Err())
		if !ok || len(failed.Failures) != 1 || failed.Failures[0].Collector != "hanging" || !errors.Is(failed, context.DeadlineExceeded) {
			t.Errorf("got the error %v", g.Err())
		}
	})
}

// TestPartialWithNothing checks that nothing is pushed if all collectors fail, and that pushing an empty
// registry succeeds.
func TestPartialWithNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		r := metric.NewContextRegistry()
		g := push.Partial(t.Context(), r)
		if families, err := g.Gather(); len(families) > 0 || err != nil || g.Err() != nil {
			t.Errorf("of an empty registry: %v, %v, %v", families, err, g.Err())
		}
		r.MustRegister(hanging(release))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g = push.Partial(ctx, r)
		if families, err := g.Gather(); len(families) > 0 || !errors.Is(err, context.DeadlineExceeded) || g.Err() == nil {
			t.Errorf("got %v, %v, %v", families, err, g.Err())
		}
	})
}

// TestPartialWithoutDeadline checks that gathering ends with its context even if the context has no
// deadline.
func TestPartialWithoutDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		r := metric.NewContextRegistry()
		r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "good"}), hanging(release))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		g := push.Partial(ctx, r)
		if families, err := g.Gather(); len(families) != 1 || err != nil || !errors.Is(g.Err(), context.Canceled) {
			t.Errorf("got %v, %v, %v", families, err, g.Err())
		}
	})
}
