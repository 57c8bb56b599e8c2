package expvar_test

import (
	"context"
	"errors"
	"expvar"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/luxfi/metric"
	adapter "github.com/luxfi/metric/adapters/expvar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func wantText(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func golden(t testing.TB, file, got string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, got, string(want))
}

func expose(t testing.TB, g metric.Gatherer) string {
	t.Helper()
	w := httptest.NewRecorder()
	metric.HandlerFor(g).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// testFunc is an expvar.Func. Tests must publish it with the function publish below, because expvar.Publish
// panics if a test runs twice.
type testFunc = expvar.Func

// publish publishes variables under names that begin with the name of the test. It returns the prefix that
// it has added to the names, and an option that selects these variables. Variables stay published forever,
// so each run of a test has another prefix.
func publish(t testing.TB, vars map[string]expvar.Var) (prefix string, selects adapter.Option) {
	t.Helper()
	prefix = "v" + t.Name() + "!"
	for expvar.Get(prefix) != nil {
		prefix += "!"
	}
	expvar.Publish(prefix, new(expvar.String))
	for name, v := range vars {
		expvar.Publish(prefix+name, v)
	}
	return prefix, adapter.WithSelect(func(name string) bool {
		return strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, prefix+"!")
	})
}

// samplesOf returns the samples of a scrape, with the test's prefix removed, and the errors of the scrape.
func samplesOf(t testing.TB, prefix string, opts ...adapter.Option) (samples string, failures []error) {
	t.Helper()
	r := metric.NewRegistry()
	r.MustRegister(adapter.NewCollector(opts...))
	return gather(t.Context(), r, prefix)
}

func gather(ctx context.Context, r *metric.Registry, prefix string) (samples string, failures []error) {
	families, err := r.GatherWithContext(ctx)
	if g, ok := errors.AsType[*metric.GatherError](err); ok {
		for _, f := range g.Failures {
			failures = append(failures, f)
		}
	}
	w := httptest.NewRecorder()
	metric.HandlerFor(metric.GathererWithContextFunc(func(context.Context) ([]*metric.MetricFamily, error) { return families, nil })).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	var out strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			out.WriteString(strings.TrimPrefix(line, underscored(prefix)))
		}
	}
	return out.String(), failures
}

// underscored returns the prefix in the form that it has in the names of metrics.
func underscored(prefix string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("!/#,.- ", r) {
			return '_'
		}
		return r
	}, prefix)
}

func mapOf(pairs ...any) *expvar.Map {
	m := new(expvar.Map).Init()
	for i := 0; i < len(pairs); i += 2 {
		m.Set(pairs[i].(string), pairs[i+1].(expvar.Var))
	}
	return m
}

func intOf(n int64) *expvar.Int {
	v := new(expvar.Int)
	v.Set(n)
	return v
}

func floatOf(f float64) *expvar.Float {
	v := new(expvar.Float)
	v.Set(f)
	return v
}

func stringOf(s string) *expvar.String {
	v := new(expvar.String)
	v.Set(s)
	return v
}

func returns(v any) testFunc { return func() any { return v } }

// raw is a variable whose type does not belong to package expvar.
type raw string

func (r raw) String() string { return string(r) }
