package metric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// firstCells returns the names in a text page.
func firstCells(page string) (names []string) {
	for line := range strings.Lines(page) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		names = append(names, name)
	}
	return names[1:]
}

// TestStatusOfGatherers checks the status of a collector "broken" behind each kind of gatherer that
// has a status.
func TestStatusOfGatherers(t *testing.T) {
	broken := func(*testing.T) *metric.ContextRegistry {
		r := metric.NewContextRegistry()
		register(t, r, "broken", metrictest.New("broken", metrictest.Failing(errors.New("no luck"))))
		return r
	}
	theirs := prometheus.GathererFunc(func() ([]*metric.MetricFamily, error) { return nil, errors.New("no luck") })
	for name, test := range map[string]struct {
		gatherer func(*testing.T) metric.Gatherer
		names    []string
		failed   string
	}{
		"registry": {func(t *testing.T) metric.Gatherer { return broken(t) }, []string{"broken"}, "broken"},
		"default registry": {func(t *testing.T) metric.Gatherer {
			withDefault(t, broken(t))
			return metric.DefaultGatherer
		}, []string{"broken"}, "broken"},
		"default registries": {func(t *testing.T) metric.Gatherer {
			withDefault(t, broken(t))
			return metric.DefaultGatherers()
		}, []string{"broken", "client_golang"}, "broken"},
		"nested": {func(t *testing.T) metric.Gatherer {
			inner, outer := metric.NewContextRegistry(), metric.NewContextRegistry()
			register(t, inner, "b", broken(t))
			register(t, outer, "a", inner)
			register(t, outer, "z", metrictest.New("z", metrictest.Healthy()))
			return outer
		}, []string{"a", "a/b", "a/b/broken", "z"}, "a/b/broken"},
		"wrapped": {func(t *testing.T) metric.Gatherer {
			outer := metric.NewContextRegistry()
			metric.WrapRegistererWithPrefix("x_", outer).MustRegister(metrictest.New("broken", metrictest.Failing(errTest)))
			return outer
		}, nil, ""},
		"multi gatherer": {func(t *testing.T) metric.Gatherer {
			m := metric.NewMultiGatherer()
			if err := errors.Join(m.Register("a", broken(t)), m.Register("b", theirs)); err != nil {
				t.Fatal(err)
			}
			return m
		}, []string{"a", "a/broken", "b"}, "b"},
		"gatherers": {func(t *testing.T) metric.Gatherer {
			return metric.Gatherers{broken(t), prometheus.NewRegistry()}
		}, []string{"[from Gatherer #1]", "[from Gatherer #1]/broken", "[from Gatherer #2]"}, "[from Gatherer #1]/broken"},
		"client_golang's gatherers": {func(t *testing.T) metric.Gatherer {
			return prometheus.Gatherers{theirs}
		}, []string{"[from Gatherer #1]"}, "[from Gatherer #1]"},
		"shards": {func(t *testing.T) metric.Gatherer {
			return metric.NewShardedGatherer(broken(t))
		}, []string{"shard 0", "shard 0/broken"}, "shard 0/broken"},
	} {
		t.Run(name, func(t *testing.T) {
			g := test.gatherer(t)
			status := metric.StatusHandler(g)
			request(metric.HandlerFor(g, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}))
			page := request(status).Body.String()
			if names := firstCells(page); test.names != nil && !slices.Equal(names, test.names) {
				t.Errorf("the page has %q, want %q", names, test.names)
			}
			if test.failed != "" {
				if line := strings.Join(lineOf(t, page, test.failed), " "); !strings.Contains(line, "failed") || !strings.Contains(line, "no luck") {
					t.Errorf("got %s", line)
				}
			}
			if strings.Count(page, "failed") == 0 {
				t.Errorf("nothing has failed on\n%s", page)
			}
		})
	}
}

// TestStatusNames checks that the names in the status select the collectors.
func TestStatusNames(t *testing.T) {
	s := newSelectable(t)
	for _, c := range s.registry.Status() {
		if _, err := s.registry.GatherWithContext(metric.Select(t.Context(), metric.Selection{Collectors: []string{c.Name}})); err != nil {
			t.Errorf("%s cannot be selected: %v", c.Name, err)
		}
	}
}

// TestStatusOfCycle checks that registries that contain each other, and a registry that is nested
// twice, are listed once.
func TestStatusOfCycle(t *testing.T) {
	a, b := metric.NewContextRegistry(), metric.NewContextRegistry()
	register(t, a, "c", metrictest.New("c", metrictest.Healthy()))
	register(t, a, "b", b)
	register(t, b, "a", a)
	m := metric.NewMultiGatherer()
	if err := errors.Join(m.Register("a", a), m.Register("again", b)); err != nil {
		t.Fatal(err)
	}
	names := firstCells(statusPage(t, m, ""))
	if want := []string{"a", "a/c", "a/b", "a/b/a", "again"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// TestStatusHandlerRefuses checks that the panic for a gatherer without a status says why.
func TestStatusHandlerRefuses(t *testing.T) {
	var none *metric.ContextRegistry
	for want, g := range map[string]metric.Gatherer{
		"cannot register a nil Gatherer":                                                nil,
		"the *metric.ContextRegistry is nil":                                            none,
		"NewContextRegistry":                                                            &metric.ContextRegistry{},
		"a *prometheus.Registry has no status, since it is no registry":                 prometheus.NewRegistry(),
		"no status: cannot register a nil Gatherer: the prometheus.GathererFunc is nil": prometheus.GathererFunc(nil),
		"DefaultGatherer":                                                               gathererFrom(metric.NewContextRegistry()),
	} {
		if got := recovered(func() { metric.StatusHandler(g) }); !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("%T: got the panic %v, want %q", g, got, want)
		}
	}
}

// TestStatusOfGroup checks how many places of a group the status shows as taken.
func TestStatusOfGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := metric.NewGroup("database", 2)
		r := metric.NewContextRegistry()
		slow := metrictest.New("slow", metrictest.Slow(time.Minute))
		register(t, r, "slow", slow, metric.WithGroup(group))
		register(t, r, "other", metrictest.New("other", metrictest.Healthy()))
		want := func(running int, cell string) {
			t.Helper()
			s := r.Status()
			if g := s[0].Group; g == nil || g.Running != running || g.Max != 2 || s[1].Group != nil {
				t.Errorf("got %+v", s)
			}
			page := statusPage(t, r, "")
			if line := lineOf(t, page, "slow"); !slices.ContainsFunc(line, func(c string) bool { return strings.TrimSpace(c) == cell }) {
				t.Errorf("got %q, want %q", line, cell)
			}
		}
		want(0, "0 of 2 run")
		done := make(chan struct{})
		go func() { defer close(done); _, _ = r.Gather() }()
		synctest.Wait()
		want(1, "1 of 2 run")
		<-done
		want(0, "0 of 2 run")
	})
}

// nastyError panics when its Error method is called.
type nastyError struct{}

func (nastyError) Error() string { panic("no text") }

// TestStatusOfNastyErrors checks that a collector's error that panics costs only its own cell.
func TestStatusOfNastyErrors(t *testing.T) {
	r := metric.NewContextRegistry()
	register(t, r, "nasty", streamOf("nasty", func(context.Context, *metric.Sink) error { return nastyError{} }))
	register(t, r, "good", metrictest.New("good", metrictest.Healthy()))
	_, _ = r.Gather()
	page := statusPage(t, r, "")
	if line := strings.Join(lineOf(t, page, "nasty"), " "); !strings.Contains(line, "failed") {
		t.Errorf("got %s", line)
	}
	if line := strings.Join(lineOf(t, page, "good"), " "); strings.Contains(line, "failed") {
		t.Errorf("got %s", line)
	}
}

// TestStatusEscapes checks that names and errors of collectors appear as text, not as markup.
func TestStatusEscapes(t *testing.T) {
	const markup = `<script>alert("1")&'`
	r := metric.NewContextRegistry()
	register(t, r, markup, metrictest.New("c", metrictest.Failing(errors.New(markup))), metric.WithGroup(metric.NewGroup(markup, 1)))
	_, _ = r.Gather()
	page := statusPage(t, r, "text/html")
	if strings.Contains(page, "<script") || strings.Count(page, "&lt;script&gt;") != 3 {
		t.Error(page)
	}
}
