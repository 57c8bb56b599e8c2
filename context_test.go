package metric_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestAdapterReturnsAtDeadline checks an adapter outside of a registry of this package.
func TestAdapterReturnsAtDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		adapted := metric.NewCollectorAdapter(plain{"slow", func(ch chan<- metric.Metric) {
			ch <- one("slow")
			time.Sleep(time.Hour)
			for range 1000 {
				ch <- one("late")
			}
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ch := make(chan metric.Metric, 10)
		start := time.Now()
		adapted.CollectWithContext(ctx, ch)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it returned after %v", took)
		}
		if len(ch) != 1 {
			t.Errorf("it sent %d metrics, want 1", len(ch))
		}
	})
}

// TestAdapterSendsEverything checks that an adapter passes on all samples of a collector without
// a context.
func TestAdapterSendsEverything(t *testing.T) {
	adapted := metric.NewCollectorAdapter(plain{"many", func(ch chan<- metric.Metric) {
		for range 1000 {
			ch <- one("many")
		}
	}})
	ch := make(chan metric.Metric, 1000)
	adapted.CollectWithContext(t.Context(), ch)
	if len(ch) != 1000 {
		t.Errorf("it sent %d metrics", len(ch))
	}
	if err := metric.NewRegistry().Register(adapted); err != nil {
		t.Error(err)
	}
}

// TestAdapterReportsPanic checks that a panic of an adapted collector becomes an error of client_golang's
// registry and does not crash the program.
func TestAdapterReportsPanic(t *testing.T) {
	adapted := metric.NewCollectorAdapter(plain{"bad", func(chan<- metric.Metric) { panic("boom") }})
	r := prometheus.NewRegistry()
	r.MustRegister(adapted)
	if _, err := r.Gather(); err == nil {
		t.Error("the panic was not reported")
	}
}

// TestBoundCollector checks that a bound collector obeys both contexts.
func TestBoundCollector(t *testing.T) {
	type otherKey struct{}
	var got [2]any
	bound, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "bound"))
	defer cancel()
	c := metric.BindCollector(bound, metric.NewCollectorFunc(describing("a"), func(ctx context.Context, _ chan<- metric.Metric) {
		got = [2]any{ctx.Value(contextKey{}), ctx.Value(otherKey{})}
		if ctx.Value(otherKey{}) == "wait" {
			<-ctx.Done()
		}
	}))
	r := metric.NewContextRegistry()
	r.MustRegister(c)
	scrape := context.WithValue(context.WithValue(t.Context(), contextKey{}, "scrape"), otherKey{}, "scrape")
	if _, err := r.GatherWithContext(scrape); err != nil || got != [2]any{"bound", "scrape"} {
		t.Errorf("the values are %v, and the error %v", got, err)
	}
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := r.GatherWithContext(context.WithValue(t.Context(), otherKey{}, "wait")); err != nil {
		t.Logf("error when the bound context ends: %v", err)
	}
	expired, cancel := context.WithTimeout(context.WithValue(t.Context(), otherKey{}, "wait"), time.Nanosecond)
	defer cancel()
	if _, err := r.GatherWithContext(expired); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v", err)
	}
}

// TestStreamCollectorElsewhere checks that a registry of client_golang gets the samples and the error of a
// stream collector.
func TestStreamCollectorElsewhere(t *testing.T) {
	c := streamOf("a", func(_ context.Context, s *metric.Sink) error {
		if err := s.Counter(desc("a"), 2); err != nil {
			return err
		}
		return errors.New("boom")
	})
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	wantFamilies(t, families, []string{"a"})
	if err == nil {
		t.Error("the error was not reported")
	}
}
