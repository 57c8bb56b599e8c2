package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

var (
	peopleDesc   = metric.NewDesc("users", "Users.", []string{"country"}, nil)
	sessionsDesc = metric.NewDesc("sessions_total", "Sessions.", nil, nil)
	sizesDesc    = metric.NewDesc("sizes", "Sizes.", nil, nil)
	delaysDesc   = metric.NewDesc("delays", "Delays.", nil, nil)
)

// writeRows writes samples of all types.
func writeRows(_ context.Context, sink *metric.Sink) error {
	return errors.Join(
		sink.Counter(sessionsDesc, 7),
		sink.Gauge(peopleDesc, 1, "A"),
		sink.Gauge(peopleDesc, 2, "B"),
		sink.Histogram(sizesDesc, 3, 6, map[float64]uint64{1: 1, 2: 2}),
		sink.Summary(delaysDesc, 2, 5, map[float64]float64{0.5: 2}),
	)
}

var rowsDescs = []*metric.Desc{peopleDesc, sessionsDesc, sizesDesc, delaysDesc}

const rowsText = `# HELP delays Delays.
# TYPE delays summary
delays{quantile="0.5"} 2
delays_sum 5
delays_count 2
# HELP sessions_total Sessions.
# TYPE sessions_total counter
sessions_total 7
# HELP sizes Sizes.
# TYPE sizes histogram
sizes_bucket{le="1"} 1
sizes_bucket{le="2"} 2
sizes_bucket{le="+Inf"} 3
sizes_sum 6
sizes_count 3
# HELP users Users.
# TYPE users gauge
users{country="A"} 1
users{country="B"} 2
`

// servedText returns what a handler serves in the text format.
func servedText(g metric.Gatherer) string {
	w := httptest.NewRecorder()
	metric.HandlerFor(g).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	return w.Body.String()
}

// sortedLines returns a text with its lines sorted, because streams are written in the order in
// which they arrive.
func sortedLines(text string) string {
	return strings.Join(slices.Sorted(strings.Lines(text)), "")
}

// TestStreamFunc checks the exposition of a stream function in every format and registry, with and
// without announced families.
func TestStreamFunc(t *testing.T) {
	for name, descs := range map[string][]*metric.Desc{"announced": rowsDescs, "unchecked": nil} {
		t.Run(name, func(t *testing.T) {
			c := metric.NewStreamFunc(descs, writeRows)
			ours := registered(t, c)
			theirs := prometheus.NewRegistry()
			theirs.MustRegister(c)
			for name, g := range map[string]metric.Gatherer{
				"HTTP":    ours,
				"Gather":  metric.GathererFunc(ours.Gather),
				"foreign": theirs,
			} {
				if got := servedText(g); got != rowsText && sortedLines(got) != sortedLines(rowsText) {
					t.Errorf("%s: got\n%s\nwant\n%s", name, got, rowsText)
				}
			}
			if !ours.Unregister(c) || ours.Unregister(c) {
				t.Error("it is not unregistered exactly once")
			}
			wrapped := metric.NewContextRegistry()
			metric.WrapRegistererWith(metric.Labels{"zone": "1"}, metric.WrapRegistererWithPrefix("p_", wrapped)).MustRegister(c)
			if text := servedText(wrapped); !strings.Contains(text, `p_users{country="B",zone="1"} 2`) {
				t.Errorf("wrapped, it is %s", text)
			}
		})
	}
}

// TestStreamFuncRegistration checks that a second stream function with the same families is refused
// until the first one is unregistered.
func TestStreamFuncRegistration(t *testing.T) {
	r := metric.NewContextRegistry()
	first, second := metric.NewStreamFunc(rowsDescs[:1], writeRows), metric.NewStreamFunc(rowsDescs[:1], writeRows)
	r.MustRegister(first)
	var already metric.AlreadyRegisteredError
	if err := r.Register(second); !errors.As(err, &already) || already.ExistingCollector != metric.Collector(first) {
		t.Errorf("got the error %v, want that it is registered already", err)
	}
	if err := r.Register(metric.NewStreamFunc([]*metric.Desc{metric.NewInvalidDesc(errors.New("boom"))}, writeRows)); err == nil {
		t.Error("an invalid descriptor was registered")
	}
	if !r.Unregister(first) {
		t.Error("the first one was not found")
	}
	r.MustRegister(second)
}

// TestStreamFuncName checks that the status shows the function.
func TestStreamFuncName(t *testing.T) {
	r := metric.NewContextRegistry()
	r.MustRegister(metric.NewStreamFunc(rowsDescs, writeRows))
	metric.WrapRegistererWithPrefix("p_", r).MustRegister(metric.NewStreamFunc(rowsDescs[:1], writeRows))
	r.MustRegister(metric.NewStreamFunc(nil, writeRows))
	if got := fmt.Sprint(collectorNames(r)); got != "[metric_test.writeRows p_users metric_test.writeRows#2]" {
		t.Errorf("the collectors are called %s", got)
	}
}

// TestStreamFuncFailures checks that a stream function that fails in any way costs only itself.
func TestStreamFuncFailures(t *testing.T) {
	boom := errors.New("boom")
	type key struct{}
	for name, tt := range map[string]struct {
		collect func(context.Context, *metric.Sink) error
		want    func(error) bool
		served  int
	}{
		"nil":   {nil, func(err error) bool { var p *metric.PanicError; return errors.As(err, &p) }, 0},
		"panic": {func(context.Context, *metric.Sink) error { panic(boom) }, func(err error) bool { return errors.Is(err, boom) }, 0},
		"error": {func(ctx context.Context, sink *metric.Sink) error {
			_ = sink.Gauge(peopleDesc, 1, "A")
			return boom
		}, func(err error) bool { return errors.Is(err, boom) }, 1},
		"bad samples": {func(ctx context.Context, sink *metric.Sink) error {
			return errors.Join(
				sink.Histogram(sizesDesc, 1, 1, nil, "one too many"),
				sink.Summary(delaysDesc, 1, 1, nil, "one too many"),
				sink.Gauge(peopleDesc, 1, "A"),
			)
		}, func(err error) bool {
			return strings.Contains(err.Error(), `sample of metric "sizes"`) && strings.Contains(err.Error(), `sample of metric "delays"`)
		}, 1},
		"hangs": {func(ctx context.Context, sink *metric.Sink) error {
			_ = sink.Gauge(peopleDesc, ctx.Value(key{}).(float64), "A")
			<-ctx.Done()
			return ctx.Err()
		}, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }, 1},
	} {
		for _, descs := range [][]*metric.Desc{rowsDescs, nil} {
			t.Run(fmt.Sprintf("%s/%d", name, len(descs)), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, _ := healthy(t)
					r.MustRegister(metric.NewStreamFunc(descs, tt.collect))
					ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 1.0), time.Second)
					defer cancel()
					families, err := r.GatherWithContext(ctx)
					if err == nil || !tt.want(err) {
						t.Errorf("got the error %v", err)
					}
					served := 0
					for _, s := range seriesOf(families) {
						if strings.HasPrefix(s, "users{") {
							served++
						}
					}
					if served != tt.served || len(families) < 1 {
						t.Errorf("%d series are served, want %d; in all there are %v", served, tt.served, seriesOf(families))
					}
				})
			})
		}
	}
}
