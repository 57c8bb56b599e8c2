package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/luxfi/metric"
)

// loaded returns an exporter that has loaded its configuration.
func loaded(t *testing.T, config Config, args ...string) *Exporter {
	t.Helper()
	e, err := parsed(config, args...)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// parsed returns an exporter whose flags are parsed.
func parsed(config Config, args ...string) (*Exporter, error) {
	if config.Name == "" {
		config.Name = "test_exporter"
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := New(config)
	if err != nil {
		return nil, err
	}
	app := kingpin.New("test", "")
	app.Terminate(nil)
	e.AddFlags(app)
	_, err = app.Parse(args)
	return e, err
}

// scrape returns the exporter's response to a request for path: its status and its body.
func scrape(t *testing.T, e *Exporter, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	e.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// gauge returns a [Collector] whose New makes a collector for one gauge.
func gauge(name, family string, value float64) Collector {
	return Collector{Name: name, New: func(context.Context, *slog.Logger) (metric.Collector, error) {
		return collectorOf(family, func() float64 { return value }), nil
	}}
}

func collectorOf(family string, value func() float64) metric.Collector {
	desc := metric.NewDesc(family, "A gauge.", nil, nil)
	return metric.NewStreamFunc([]*metric.Desc{desc}, func(_ context.Context, sink *metric.Sink) error {
		return sink.Gauge(desc, value())
	})
}

// closing is a collector that counts how often it is closed.
type closing struct {
	metric.Collector
	closed atomic.Int32
}

func (c *closing) Close() error { c.closed.Add(1); return nil }

// wantLines checks that a body has all lines in want and none of the lines in none.
func wantLines(t *testing.T, body string, want, none []string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+body, "\n"+line) {
			t.Errorf("got\n%s\nwithout %s", body, line)
		}
	}
	for _, line := range none {
		if strings.Contains("\n"+body, "\n"+line) {
			t.Errorf("got\n%s\nwith %s", body, line)
		}
	}
}

// TestEnabling checks which collectors the flags, the file and the defaults enable.
func TestEnabling(t *testing.T) {
	file := write(t, "collectors: {b: {enabled: true}, c: {enabled: false}}")
	for _, test := range []struct {
		args string
		want string
	}{
		{"", "a c"},
		{"--collector.b --no-collector.a", "b c"},
		{"--collector.disable-defaults", ""},
		{"--collector.disable-defaults --collector.a", "a"},
		{"--config.file=" + file, "a b"},
		{"--config.file=" + file + " --no-collector.b --collector.c", "a c"},
		{"--config.file=" + file + " --collector.disable-defaults", "b"},
	} {
		t.Run(test.args, func(t *testing.T) {
			off := gauge("b", "m_b", 1)
			off.Disabled = true
			e := loaded(t, Config{Collectors: []Collector{gauge("a", "m_a", 1), off, gauge("c", "m_c", 1)}}, strings.Fields(test.args)...)
			_, body := scrape(t, e, "/metrics")
			var got []string
			for _, name := range []string{"a", "b", "c"} {
				if strings.Contains(body, "\nm_"+name+" 1\n") {
					got = append(got, name)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

// TestCollectorNamedUp checks that a program without a ping may name a collector up, and that the collector
// of a ping cannot be disabled.
func TestCollectorNamedUp(t *testing.T) {
	up := gauge("up", "m_up", 1)
	var path string
	up.Flags = func(f Flagger) { f.Flag("path", "A path.").Default("/up").StringVar(&path) }
	e := loaded(t, Config{Collectors: []Collector{up}}, "--no-collector.up")
	_, body := scrape(t, e, "/metrics")
	wantLines(t, body, nil, []string{"m_up "})
	if path != "/up" {
		t.Errorf("the flag of the collector is %q", path)
	}

	file := write(t, "collectors:\n  up: {enabled: false}")
	config := Config{Name: "test_exporter", Ping: func(context.Context) error { return nil }, Output: io.Discard}
	err := Run(t.Context(), config, []string{"--config.check", "--config.file=" + file})
	if want := file + ":2: collectors.up: enabled: must not be false"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// TestSelfMetrics checks the metrics about collectors that the exporter adds, as node_exporter does.
func TestSelfMetrics(t *testing.T) {
	var log logBuffer
	noData := Collector{Name: "none", New: func(context.Context, *slog.Logger) (metric.Collector, error) {
		return metric.NewStreamFunc([]*metric.Desc{metric.NewDesc("m_none", "", nil, nil)}, func(context.Context, *metric.Sink) error {
			return fmt.Errorf("no such feature: %w", ErrNoData)
		}), nil
	}}
	bad := Collector{Name: "bad", New: func(context.Context, *slog.Logger) (metric.Collector, error) {
		return metric.NewStreamFunc([]*metric.Desc{metric.NewDesc("m_bad", "", nil, nil)}, func(context.Context, *metric.Sink) error {
			return errors.New("it is broken")
		}), nil
	}}
	config := Config{
		Collectors: []Collector{gauge("good", "m_good", 1), noData, bad},
		Ping:       func(context.Context) error { return errors.New("refused") }, Logger: log.logger(),
	}
	e := loaded(t, config, "--collector.policy=good:timeout=1s,cache=1m")
	status, body := scrape(t, e, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	wantLines(t, body, []string{
		"m_good 1", "test_up 0", "go_goroutines ", "test_exporter_build_info{", "promhttp_metric_handler_errors_total{",
		`test_scrape_collector_success{collector="good"} 1`, `test_scrape_collector_success{collector="none"} 0`,
		`test_scrape_collector_success{collector="bad"} 0`, `test_scrape_collector_success{collector="up"} 0`,
		`test_scrape_collector_duration_seconds{collector="good"} `, `test_scrape_collector_duration_seconds{collector="none"} `,
		"test_config_last_reload_successful 1",
	}, nil)
	if text := log.String(); !strings.Contains(text, "it is broken") || !regexp.MustCompile(`level=DEBUG [^\n]*no such feature`).MatchString(text) {
		t.Errorf("the log is\n%s", text)
	}
	_, body = scrape(t, loaded(t, config, "--web.disable-exporter-metrics"), "/metrics")
	wantLines(t, body, []string{"m_good 1", "test_exporter_build_info{"}, []string{"go_", "process_", "promhttp_"})
}

// TestInstruments checks that instruments have a success metric and policies, and that scraping them does
// not allocate per series.
func TestInstruments(t *testing.T) {
	vec := metric.NewGaugeVec(metric.GaugeOpts{Name: "m_vec", Help: "A vector."}, []string{"l"})
	for i := range 10_000 {
		vec.WithLabelValues(fmt.Sprint(i)).Set(1)
	}
	e := loaded(t, Config{Collectors: []Collector{{Name: "vec", New: func(context.Context, *slog.Logger) (metric.Collector, error) {
		return vec, nil
	}}}}, "--web.disable-exporter-metrics", "--collector.policy=*:timeout=5s")
	_, body := scrape(t, e, "/metrics")
	wantLines(t, body, []string{`m_vec{l="9"} 1`, `test_scrape_collector_success{collector="vec"} 1`}, nil)
	allocs := testing.AllocsPerRun(5, func() {
		r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		e.Handler().ServeHTTP(discard{}, r)
	})
	if allocs > 2_000 {
		t.Errorf("a scrape of 10,000 series makes %v allocations", allocs)
	}
}

// discard is a response writer that discards the body.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// TestBackendDownAtStart checks that scrapes try again to make a collector that could not be made at first,
// and that its success metric shows the outcome.
func TestBackendDownAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		var closer *closing
		late := Collector{Name: "late", New: func(ctx context.Context, _ *slog.Logger) (metric.Collector, error) {
			if !up.Load() {
				return nil, errors.New("connection refused")
			}
			closer = &closing{Collector: collectorOf("m_late", func() float64 { return 1 })}
			return closer, nil
		}}
		hangs := Collector{Name: "hangs", New: func(ctx context.Context, _ *slog.Logger) (metric.Collector, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		e := loaded(t, Config{Collectors: []Collector{late, hangs, gauge("good", "m_good", 1)}})
		for range 2 {
			_, body := scrape(t, e, "/metrics")
			wantLines(t, body, []string{
				"m_good 1", `test_scrape_collector_success{collector="late"} 0`, `test_scrape_collector_success{collector="hangs"} 0`,
			}, []string{"m_late"})
			time.Sleep(time.Minute)
		}
		up.Store(true)
		_, body := scrape(t, e, "/metrics")
		wantLines(t, body, []string{"m_good 1", "m_late 1", `test_scrape_collector_success{collector="late"} 1`}, nil)
		if err := e.Close(t.Context()); err != nil || closer.closed.Load() != 1 {
			t.Errorf("closed %d times, error %v", closer.closed.Load(), err)
		}
	})
}

// TestReload checks that a reload keeps collectors whose settings are the same, together with their caches,
// that it closes others after their last run, and that an invalid file changes nothing.
func TestReload(t *testing.T) {
	type settings struct {
		Values map[string]float64 `yaml:"values"`
	}
	var mu sync.Mutex
	made := make(map[string][]*closing)
	var pools []*closing
	config := Config{
		Settings: func() any { return &settings{} },
		Configure: func(_ context.Context, s *Setup) error {
			for name, value := range s.Settings.(*settings).Values {
				if value < 0 {
					return fmt.Errorf("values: %s is negative", name)
				}
				if _, err := Share(s, "pool", len(s.Settings.(*settings).Values), func() (*closing, error) {
					pool := new(closing)
					pools = append(pools, pool)
					return pool, nil
				}); err != nil {
					return err
				}
				s.Add(Collector{Name: name, Settings: value, New: func(context.Context, *slog.Logger) (metric.Collector, error) {
					c := &closing{Collector: collectorOf("m_"+name, func() float64 { return value })}
					mu.Lock()
					defer mu.Unlock()
					made[name] = append(made[name], c)
					return c, nil
				}})
			}
			return nil
		},
	}
	file := write(t, "values: {a: 1, b: 2}")
	e := loaded(t, config, "--config.file="+file)
	check := func(want string, none ...string) {
		t.Helper()
		_, body := scrape(t, e, "/metrics")
		wantLines(t, body, strings.Fields(want), none)
	}
	state := func() string {
		mu.Lock()
		defer mu.Unlock()
		var all []string
		for _, name := range []string{"a", "b", "c"} {
			for _, c := range made[name] {
				all = append(all, fmt.Sprintf("%s:%d", name, c.closed.Load()))
			}
		}
		var closed []string
		for _, pool := range pools {
			closed = append(closed, fmt.Sprint(pool.closed.Load()))
		}
		return strings.Join(all, " ") + " pools:" + strings.Join(closed, ",")
	}
	await := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); state() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the state is %s, want %s", state(), want)
			}
		}
	}
	check("m_a m_b")
	for _, bad := range []struct{ text, want string }{
		{"values: {a: 1, b: -2}", "b is negative"},
		{"values: {a: 1, b: many}", ":1: values.b"},
		{"value: {}", ":1: value: unknown key"},
		{"collectors: {d: {timeout: 1s}}", `:1: collectors.d: unknown collector; none are allowed`},
		{"values: {a: 1}\ncollectors:\n  a: {group: g}", `:3: collectors.a: group "g": unknown group`},
		{"values: {a: 1}\ncollectors:\n  a: {timeout: -1s}", ":3: collectors.a.timeout"},
		{"values: {a/b: 1}", `collector "a/b"`},
	} {
		rewrite(t, file, bad.text)
		if err := e.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), bad.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got error %v, want one with %s and the file", bad.text, err, bad.want)
		}
		check("m_a m_b test_config_last_reload_successful")
	}
	// Some of the invalid files requested another pool.
	await("a:0 b:0 pools:0,1,1")
	rewrite(t, file, "values: {a: 1, c: 3}")
	if err := e.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("m_a m_c", "m_b")
	await("a:0 b:1 c:0 pools:0,1,1")
	rewrite(t, file, "values: {a: 1}")
	if err := e.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	await("a:0 b:1 c:1 pools:0,1,1,0")
	rewrite(t, file, "")
	if err := e.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	await("a:1 b:1 c:1 pools:1,1,1,1")
}

// write creates a file with the given text and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.yml")
	rewrite(t, file, text)
	return file
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestWholePages runs an exporter and requests its pages.
func TestWholePages(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listening := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			Name: "test_exporter", Collectors: []Collector{gauge("a", "m_a", 1)}, Logger: slog.New(slog.DiscardHandler),
			Listening: func(addresses []net.Addr) { listening <- addresses[0].String() },
		}, []string{"--web.listen-address=127.0.0.1:0"})
	}()
	var address string
	select {
	case address = <-listening:
	case err := <-ended:
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/metrics": "\nm_a 1\n", "/": "test_exporter", "/status": "a", "/config": "# The configuration is empty.\n", "/-/healthy": "", "/-/ready": "",
	} {
		resp, err := http.Get("http://" + address + path) //nolint:noctx // It is a test.
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: status %d, error %v\n%s", path, resp.StatusCode, err, body)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
