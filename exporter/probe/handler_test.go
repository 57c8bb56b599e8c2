package probe

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

func up(_ context.Context, p *Probe) error {
	p.Metrics.NewGauge("answer", "The answer.").Set(42)
	return nil
}

func TestRequests(t *testing.T) {
	const two = "modules: {b: {}, a: {}}\ntargets: {allow: ['*.example.com', 10.0.0.0/8], deny: [bad.example.com]}\n"
	for _, test := range []struct {
		name, config, method, query string
		status                      int
		body                        string
	}{
		{"no target", "modules: {a: {}}", "GET", "module=a", 400, "target is missing"},
		{"empty target", "modules: {a: {}}", "GET", "target=", 400, "target is missing"},
		{"two targets", "modules: {a: {}}", "GET", "target=x&target=y", 400, "target is repeated"},
		{"two modules", two, "GET", "target=x.example.com&module=a&module=b", 400, "module is repeated"},
		{"unknown module", two, "GET", "target=x.example.com&module=c", 400, `unknown module "c"; the modules are: a, b`},
		{"no module", two, "GET", "target=x.example.com", 400, "module is missing; the modules are: a, b"},
		{"bad query", two, "GET", "target=%zz", 400, "not valid"},
		{"bad target", two, "GET", "target=a%20b&module=a", 400, "not valid"},
		{"not listed", two, "GET", "target=10.0.0.1.example.org&module=a", 200, fails}, // The name may resolve to an address in 10.0.0.0/8.
		{"address not listed", two, "GET", "target=11.0.0.1&module=a", 403, "not in the list"},
		{"denied", two, "GET", "target=bad.example.com&module=a", 403, "denied"},
		{"metadata", "modules: {a: {}}", "GET", "target=http://169.254.169.254/latest", 403, "explicitly"},
		{"post", two, "POST", "target=x.example.com&module=a", 405, "only GET and HEAD"},
		{"only module", "modules: {a: {}}", "GET", "target=x", 200, succeeds},
		{"module default", "modules: {a: {}, default: {}}", "GET", "target=x", 200, succeeds},
		{"module without configuration", "{}", "GET", "target=x", 200, succeeds},
		{"named module", two, "GET", "target=x.example.com&module=b", 200, succeeds},
		{"parameters of its own", "modules: {a: {}}", "GET", "target=x&collect[]=y&name[]=z", 200, "answer 42"},
		{"head", "modules: {a: {}}", "HEAD", "target=x", 200, ""},
		{"head of nothing", "modules: {a: {}}", "HEAD", "", 400, "target"},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			h := answering(t, test.config, func(ctx context.Context, p *Probe) error {
				calls++
				if strings.HasSuffix(p.Target, ".example.org") {
					return errors.New("unreachable")
				}
				return up(ctx, p)
			})
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(test.method, "/probe?"+test.query, nil))
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("%d %q, want %d with %q", w.Code, w.Body, test.status, test.body)
			}
			if want := test.method == "GET" && test.status == 200; (calls > 0) != want {
				t.Errorf("the prober was called %d times", calls)
			}
			if strings.Contains(w.Body.String(), "10.0.0.0/8") {
				t.Errorf("the answer says what is allowed: %s", w.Body)
			}
		})
	}
}

// TestBeforeUse checks that the handler answers with 503 before the first Use and after Use(nil).
func TestBeforeUse(t *testing.T) {
	h, err := NewHandler(Opts{Probers: []Prober{prober(up)}, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(h, "x"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d before Use", w.Code)
	}
	h.Use(prepared(t, h, "modules: {a: {}}"))
	has(t, ask(h, "x"), succeeds, "answer 42")
	h.Use(nil)
	if w := ask(h, "x"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d after Use(nil)", w.Code)
	}
}

func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name string
		f    Func
		log  string
	}{
		{"error", func(context.Context, *Probe) error { return errors.New("connection refused") }, "connection refused"},
		{"panic", func(context.Context, *Probe) error { panic("oh no") }, "oh no"},
		{"panic with nil", func(context.Context, *Probe) error { panic(error(nil)) }, "panic called with nil"}, //nolint:govet // This case is about a panic with a nil error.
		{"exit", func(context.Context, *Probe) error { runtime.Goexit(); return nil }, "Goexit"},
		{"metric that is not valid", func(_ context.Context, p *Probe) error {
			p.Metrics.NewGauge("answer", "Another shape.")
			p.Metrics.NewCounter("answer", "Another shape.")
			return nil
		}, "answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := answering(t, "modules: {a: {}}", func(ctx context.Context, p *Probe) error {
				p.Metrics.NewGauge("before", "Set before it failed.").Set(1)
				return test.f(ctx, p)
			})
			w := ask(h, "x")
			has(t, w, fails, "before 1")
			if !strings.Contains(w.Body.String(), "\nprobe_duration_seconds ") {
				t.Errorf("no duration in:\n%s", w.Body)
			}
			if w := ask(h, "x", query("debug=true")); !strings.Contains(w.Body.String(), test.log) {
				t.Errorf("no %q in:\n%s", test.log, w.Body)
			}
		})
	}
}

// TestOwnMetricsWin checks that probe_success and probe_duration_seconds of the handler replace a prober's
// metrics of the same names.
func TestOwnMetricsWin(t *testing.T) {
	var log buffer
	h := serving(t, "modules: {a: {}}", Opts{Logger: debugLogger(&log), Probers: []Prober{prober(func(_ context.Context, p *Probe) error {
		p.Metrics.NewGauge("probe_success", "Mine.").Set(17)
		p.Metrics.NewCounter("probe_duration_seconds", "Mine.").Add(17)
		p.Metrics.NewGauge("other", "Other.").Set(17)
		return nil
	})}})
	w := ask(h, "x")
	has(t, w, succeeds, "other 17", "# TYPE probe_duration_seconds gauge")
	if body := w.Body.String(); strings.Count(body, "\nprobe_success ") != 1 || strings.Count(body, "\nprobe_duration_seconds ") != 1 {
		t.Errorf("duplicates in:\n%s", body)
	}
	if !strings.Contains(log.String(), "metric=probe_success") {
		t.Errorf("the clash was not logged:\n%s", log.String())
	}
}

// TestNothingOfTheExporter checks that the answer to a probe has no metrics about the exporter itself.
func TestNothingOfTheExporter(t *testing.T) {
	reg := metric.NewContextRegistry()
	h := serving(t, "modules: {a: {}}", Opts{Probers: []Prober{prober(up)}, Registerer: reg, Namespace: "x"})
	w := ask(h, "y")
	for line := range strings.Lines(w.Body.String()) {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), " ")
		if name != "answer" && name != successName && name != durationName {
			t.Errorf("unexpected %q", line)
		}
	}
}

func TestFormats(t *testing.T) {
	h := answering(t, "modules: {a: {}}", up)
	accept := func(format string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Accept", format) }
	}
	t.Run("OpenMetrics", func(t *testing.T) {
		w := ask(h, "x", accept("application/openmetrics-text; version=1.0.0"))
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "application/openmetrics-text; version=1.0.0") {
			t.Errorf("content type %q", w.Header().Get("Content-Type"))
		}
		has(t, w, "probe_success 1.0", "# EOF")
	})
	t.Run("protobuf", func(t *testing.T) {
		w := ask(h, "x", accept("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"))
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "application/vnd.google.protobuf") || !strings.Contains(w.Body.String(), "probe_success") {
			t.Errorf("%q %q", w.Header().Get("Content-Type"), w.Body)
		}
	})
	t.Run("gzip", func(t *testing.T) {
		w := ask(h, "x", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
		plain, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(plain)
		if err != nil || !strings.Contains(string(text), succeeds) {
			t.Errorf("%v: %s", err, text)
		}
	})
}

// TestProbeKnowsItsRequest checks that a prober gets the target, the module and the parameters of the
// request.
func TestProbeKnowsItsRequest(t *testing.T) {
	h := answering(t, "modules: {a: {}}", func(_ context.Context, p *Probe) error {
		if p.Target != "Host:80" || p.Module != "a" || p.Params.Get("auth") != "v3" || p.Params.Get("target") != "Host:80" {
			t.Errorf("%+v", p)
		}
		return nil
	})
	has(t, ask(h, "Host:80", query("auth=v3")), succeeds)
}

func TestNewHandlerErrors(t *testing.T) {
	named := func(names ...string) (all []Prober) {
		for _, n := range names {
			p := prober(up)
			p.Name = n
			all = append(all, p)
		}
		return all
	}
	settings := func(s any) []Prober {
		p := prober(up)
		p.Settings = func() any { return s }
		return []Prober{p}
	}
	used := metric.NewContextRegistry()
	if _, err := NewHandler(Opts{Probers: named("a"), Registerer: used}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		opts Opts
		want string
	}{
		{"no prober", Opts{}, "no prober"},
		{"no New", Opts{Probers: []Prober{{Name: "a"}}}, "has no New"},
		{"no name", Opts{Probers: named("a", "")}, "no name"},
		{"same name", Opts{Probers: named("a", "a")}, "two probers"},
		{"settings are no pointer", Opts{Probers: settings(struct{}{})}, "pointer to a struct"},
		{"settings are nil", Opts{Probers: settings(nil)}, "pointer to a struct"},
		{"settings have timeout", Opts{Probers: settings(&struct {
			T string `yaml:"timeout"`
		}{})}, "timeout"},
		{"registered already", Opts{Probers: named("a"), Registerer: used}, "metrics about probes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewHandler(test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
