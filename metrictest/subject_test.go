package metrictest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

func collectNothing(context.Context, chan<- metric.Metric) {}

func gatherNothing(context.Context) ([]*metric.MetricFamily, error) {
	return nil, errors.New("there is nothing")
}

// TestSubjectIsRecognized checks that reports name the collector or gatherer that was tested. They must not
// name an internal wrapper, because the author of the collector does not know its type.
func TestSubjectIsRecognized(t *testing.T) {
	for _, test := range []struct {
		want string
		c    metric.Collector
	}{
		{"metrictest_test.collectNothing", metric.NewCollectorFunc(nil, collectNothing)},
		{"metrictest_test.silent", &silent{}},
		{"metrictest_test.silent", metric.WrapCollectorWithPrefix("p_", silent{})},
		{"metrictest_test.silent", metric.NewCollectorAdapter(silent{})},
		{`"requests_total"`, metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, nil)},
		{`"size"`, metric.NewGaugeFunc(metric.GaugeOpts{Name: "size"}, func() float64 { panic("no size") })},
		{"a no-op instrument", metric.NewNoOp().NewCounter("x", "")},
		{"a nil *metrictest_test.silent", (*silent)(nil)},
		{"prometheus.CounterVec", prometheus.NewCounterVec(prometheus.CounterOpts{Name: "theirs"}, nil)},
		{"metrictest_test.collectNothing", metric.BindCollector(t.Context(), metric.NewCollectorFunc(nil, collectNothing))},
	} {
		wantSubject(t, test.want, func(r *recorder) { metrictest.TestCollector(r, test.c, metrictest.MustSend()) })
	}
	for _, test := range []struct {
		want string
		g    metric.Gatherer
	}{
		{"metrictest_test.gatherNothing", metric.GathererWithContextFunc(gatherNothing)},
		{"metrictest_test.gatherNothing", metric.BindGatherer(t.Context(), metric.GathererWithContextFunc(gatherNothing))},
		{"metric.MultiGatherer", metric.NewMultiGatherer()},
		{"*metric.ContextRegistry", metric.NewContextRegistry()},
	} {
		wantSubject(t, test.want, func(r *recorder) { metrictest.TestGatherer(r, test.g, metrictest.MustSend()) })
	}
}

func wantSubject(t *testing.T, want string, test func(*recorder)) {
	t.Helper()
	var r recorder
	test(&r)
	for _, failure := range r.failures {
		if !strings.HasPrefix(failure, want+": ") {
			t.Errorf("got %.200s, want %s", failure, want)
		}
	}
	if len(r.failures) == 0 {
		t.Errorf("%s: nothing has failed", want)
	}
}

// silent is a collector that sends nothing.
type silent struct{}

func (silent) Describe(chan<- *metric.Desc) {}
func (silent) Collect(chan<- metric.Metric) {}
