package exporter

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

// get returns the response to a request.
func get(h http.Handler, method, path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(method, path, http.NoBody))
	return rec
}

func TestPages(t *testing.T) {
	parts := testParts(t)
	parts.probe, parts.recent = text("the probe"), text("the probes")
	parts.pages = []Page{{Path: "/tree/", Title: "Tree", Handler: text("the tree")}, {Path: "/leaf", Handler: text("the leaf")}}
	plain := newTestServer(t, parts)
	bare := newTestServer(t, webParts{
		name: "bare_exporter", flags: parseFlags(t, "--web.enable-pprof", "--no-web.enable-reload", "--web.telemetry-path=/m"),
		logger: parts.logger, metrics: parts.metrics, status: parts.status, reload: parts.reload,
	})
	root := newTestServer(t, testParts(t, "--web.telemetry-path=/"))
	prefixed := newTestServer(t, testParts(t, "--web.route-prefix=/x/y/"))
	for _, test := range []struct {
		s            *webServer
		method, path string
		status       int
		body         string
	}{
		{plain, "GET", "/", 200, "<h1>test_exporter</h1>"},
		{plain, "GET", "/metrics", 200, "the metrics"},
		{plain, "GET", "/metrics/", 404, ""},
		{plain, "GET", "/status", 200, "the status"},
		{plain, "GET", "/config", 200, "collectors: {}\n"},
		{plain, "POST", "/config", 405, ""},
		{plain, "GET", "/probe?target=x", 200, "the probe"},
		{plain, "GET", "/probes", 200, "the probes"},
		{plain, "GET", "/tree/of/leaves", 200, "the tree"},
		{plain, "GET", "/leaf", 200, "the leaf"},
		{plain, "GET", "/-/healthy", 200, "test_exporter is healthy\n"},
		{plain, "HEAD", "/-/healthy", 200, ""},
		{plain, "POST", "/-/healthy", 405, ""},
		{plain, "GET", "/-/ready", 200, "test_exporter is ready\n"},
		{plain, "GET", "/-/reload", 405, ""},
		{plain, "POST", "/-/reload", 200, ""},
		{plain, "GET", "/-/quit", 404, ""},
		{plain, "GET", "/nothing", 404, ""},
		{plain, "GET", "/debug/pprof/", 404, ""},
		{plain, "GET", "/debug/pprof/heap", 404, ""},

		{bare, "GET", "/m", 200, "the metrics"},
		{bare, "GET", "/metrics", 404, ""},
		{bare, "GET", "/config", 404, ""},
		{bare, "GET", "/probe", 404, ""},
		{bare, "GET", "/probes", 404, ""},
		{bare, "POST", "/-/reload", 404, ""},
		{bare, "GET", "/debug/pprof/", 200, "goroutine"},
		{bare, "GET", "/debug/pprof/goroutine?debug=1", 200, "goroutine profile"},
		{bare, "GET", "/debug/pprof/heap?gc=1", 200, "\x1f\x8b"},
		{bare, "GET", "/debug/pprof/nothing", 404, ""},
		{bare, "GET", "/debug/pprof/profile?seconds=0.01", 200, "\x1f\x8b"},
		{bare, "GET", "/debug/pprof/profile?seconds=1e9", 400, "300"},
		{bare, "GET", "/debug/pprof/profile?seconds=NaN", 400, "300"},
		{bare, "GET", "/debug/pprof/trace?seconds=0.01", 200, "go 1."},

		{root, "GET", "/", 200, "the metrics"},
		{root, "GET", "/metrics", 404, ""},
		{root, "GET", "/x", 404, ""},

		{prefixed, "GET", "/x/y/metrics", 200, "the metrics"},
		{prefixed, "GET", "/x/y/", 200, "<h1>"},
		{prefixed, "GET", "/x/y/-/ready", 200, ""},
		{prefixed, "GET", "/metrics", 404, ""},
		{prefixed, "GET", "/", 302, "/x/y/"},
		{prefixed, "POST", "/x/y/-/reload", 200, ""},
	} {
		t.Run(test.s.name+" "+test.method+" "+test.path, func(t *testing.T) {
			rec := get(test.s.handler, test.method, test.path)
			if rec.Code != test.status || !strings.Contains(rec.Body.String(), test.body) {
				t.Errorf("%d %.300q, want %d %q", rec.Code, rec.Body, test.status, test.body)
			}
			if rec.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("header %v", rec.Header())
			}
		})
	}
	// Programs that serve the default mux do not serve the profiles.
	if _, pattern := http.DefaultServeMux.Handler(httptest.NewRequest("GET", "/debug/pprof/heap", http.NoBody)); pattern != "" {
		t.Errorf("the default mux serves %s", pattern)
	}
}

func TestLandingPage(t *testing.T) {
	parts := testParts(t, "--web.telemetry-path=/m", "--web.enable-pprof")
	parts.name, parts.description = "a<b>_exporter", `Exports "<i>".`
	parts.pages = []Page{
		{Path: "/shown", Title: "<Shown>", Description: "d&d", Handler: text("")},
		{Path: "/hidden", Handler: text("")},
	}
	rec := get(newTestServer(t, parts).handler, "GET", "/")
	body := rec.Body.String()
	for _, want := range []string{
		"a&lt;b&gt;_exporter", "&lt;i&gt;", `href="./m"`, `href="./shown">&lt;Shown&gt;</a>: d&amp;d`, `href="./status"`,
		`href="./config"`, `href="./debug/pprof/"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	for _, not := range []string{"hidden", `href="/`, "<form", "<b>"} {
		if strings.Contains(body, not) {
			t.Errorf("%s in\n%s", not, body)
		}
	}
	if got := rec.Header().Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
		t.Errorf("policy %q", got)
	}
	parts.probe = text("")
	if body := get(newTestServer(t, parts).handler, "GET", "/").Body.String(); !strings.Contains(body, `action="./probe"`) {
		t.Errorf("no form for probes in\n%s", body)
	}
}

func TestCheckPages(t *testing.T) {
	h := text("")
	for _, test := range []struct {
		name  string
		pages []Page
		want  string // empty if the pages are valid
	}{
		{"fine", []Page{{Path: "/a", Handler: h}, {Path: "/b/", Handler: h}, {Path: "/status/x", Handler: h}}, ""},
		{"root", []Page{{Path: "/", Handler: h}}, "every exporter has"},
		{"metrics", []Page{{Path: "/metrics", Handler: h}}, "every exporter has"},
		{"status", []Page{{Path: "/status/", Handler: h}}, "every exporter has"},
		{"health", []Page{{Path: "/-/x", Handler: h}}, "every exporter has"},
		{"pprof", []Page{{Path: "/debug/pprof", Handler: h}}, "every exporter has"},
		{"empty", []Page{{Title: "T", Handler: h}}, `page "T"`},
		{"method", []Page{{Path: "GET /x", Handler: h}}, "start with /"},
		{"wildcard", []Page{{Path: "/x/{y}", Handler: h}}, "not allowed"},
		{"unclean", []Page{{Path: "/x/../status", Handler: h}}, "clean"},
		{"twice", []Page{{Path: "/x", Handler: h}, {Path: "/x/", Handler: h}}, "another page"},
		{"no handler", []Page{{Path: "/x"}}, "no handler"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := checkPages(test.pages)
			if test.want != "" {
				wantError(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestConfigPage(t *testing.T) {
	parts := testParts(t)
	parts.shown = func() ([]byte, error) { return []byte("url: postgres://me:hunter2@db/x\ntimeout: 5s\n"), nil }
	rec := get(newTestServer(t, parts).handler, "GET", "/config")
	if body := rec.Body.String(); strings.Contains(body, "hunter2") || !strings.Contains(body, "timeout: 5s\n") {
		t.Errorf("configuration %q", body)
	}
	if got := rec.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	parts.shown = func() ([]byte, error) { return nil, errors.New("password=hunter2") }
	rec = get(newTestServer(t, parts).handler, "GET", "/config")
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "hunter2") {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
}

func TestPagePanics(t *testing.T) {
	var log logBuffer
	parts := testParts(t)
	parts.logger = log.logger()
	parts.pages = []Page{
		{Path: "/early", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("early") })},
		{Path: "/late", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 1<<20))
			panic("late")
		})},
	}
	r := start(t, parts)
	client, base := newClient(t, nil), "http://"+r.addresses[0]
	if a := mustDo(t, client, "GET", base+"/early"); a.status != 500 {
		t.Errorf("early: %d", a.status)
	}
	if a, err := do(client, "GET", base+"/late"); err == nil {
		t.Errorf("late: %d and a whole body", a.status)
	}
	if a := mustDo(t, client, "GET", base+"/metrics"); a.status != 200 {
		t.Errorf("afterwards: %d", a.status)
	}
	for _, want := range []string{"panic=early", "panic=late", "path=/late"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in the log:\n%s", want, log.String())
		}
	}
}

func TestMetricsHandlerDeadline(t *testing.T) {
	for _, test := range []struct{ flag, header, want string }{
		{"--web.timeout=3s", "", "3"},
		{"--web.timeout=1500ms", "", "1.5"},
		{"--web.timeout=3s", "30", "30"},
		{"--web.timeout=0s", "", ""},
	} {
		w := parseFlags(t, test.flag)
		got := "none"
		h := w.withDefaultTimeout(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds")
		}))
		req := httptest.NewRequest("GET", "/metrics", http.NoBody)
		if test.header != "" {
			req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", test.header)
		}
		h.ServeHTTP(httptest.NewRecorder(), req)
		if got != test.want {
			t.Errorf("%s, header %q: %q, want %q", test.flag, test.header, got, test.want)
		}
		if req.Header.Get("X-Prometheus-Scrape-Timeout-Seconds") != test.header {
			t.Errorf("%s: the request of the caller has changed", test.flag)
		}
	}
}

func TestMetricsHandler(t *testing.T) {
	scrape := func(args ...string) string {
		registry := metric.NewContextRegistry()
		registry.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "there", Help: "h"}))
		h := parseFlags(t, args...).metricsHandler(registry, registry)
		return get(h, "GET", "/metrics").Body.String()
	}
	const own = "promhttp_metric_handler_errors_total"
	if body := scrape(); !strings.Contains(body, "there 0") || !strings.Contains(body, own) {
		t.Errorf("metrics:\n%s", body)
	}
	if body := scrape("--web.disable-exporter-metrics"); !strings.Contains(body, "there 0") || strings.Contains(body, own) {
		t.Errorf("metrics without those of the exporter:\n%s", body)
	}
}

// blocking is a collector that blocks until a test releases it.
type blocking struct{ entered, release chan struct{} }

func (b blocking) Describe(chan<- *metric.Desc) {}

func (b blocking) Collect(ch chan<- metric.Metric) {
	b.entered <- struct{}{}
	<-b.release
	ch <- metric.MustNewConstMetric(metric.NewDesc("blocking", "h", nil, nil), metric.GaugeValue, 7)
}

func TestMaxRequests(t *testing.T) {
	registry := metric.NewContextRegistry()
	b := blocking{make(chan struct{}, 1), make(chan struct{})}
	registry.MustRegister(b)
	parts := testParts(t, "--web.max-requests=1")
	parts.metrics = parts.flags.metricsHandler(registry, registry)
	r := start(t, parts)
	client, url := newClient(t, nil), "http://"+r.addresses[0]+"/metrics"
	first := make(chan answer, 1)
	go func() {
		a, _ := do(client, "GET", url)
		first <- a
	}()
	<-b.entered
	if a := mustDo(t, client, "GET", url); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("second request: %d %v", a.status, a.header)
	}
	close(b.release)
	if a := <-first; a.status != 200 || !strings.Contains(a.body, "blocking 7") {
		t.Errorf("first request: %d %q", a.status, a.body)
	}
}
