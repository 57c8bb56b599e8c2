package probe

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// buffer is a bytes.Buffer that is safe for concurrent use.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// quiet returns a logger that discards all records.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// parse returns the configuration in a YAML text.
func parse(t testing.TB, text string) (Config, error) {
	t.Helper()
	node, err := strictyaml.Parse("probes.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var c Config
	err = strictyaml.Decode("probes.yml", node, &c)
	return c, err
}

// prepared returns the set for the configuration in a YAML text.
func prepared(t testing.TB, h *Handler, text string) *Set {
	t.Helper()
	c, err := parse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	set, err := h.Prepare("probes.yml", c)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// prober returns a prober that calls f.
func prober(f Func) Prober {
	return Prober{New: func(*Module) (Func, error) { return f, nil }}
}

// serving returns a handler that uses the configuration in a YAML text.
func serving(t testing.TB, text string, opts Opts) *Handler {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = quiet()
	}
	h, err := NewHandler(opts)
	if err != nil {
		t.Fatal(err)
	}
	h.Use(prepared(t, h, text))
	return h
}

// answering returns a handler whose only module calls f. The module has no settings.
func answering(t testing.TB, text string, f Func) *Handler {
	t.Helper()
	return serving(t, text, Opts{Probers: []Prober{prober(f)}})
}

// ask returns the response to a request for a probe of target.
func ask(h http.Handler, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/probe?target="+url.QueryEscape(target), nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// within returns a function that sets the scrape-timeout header, in seconds.
func within(seconds string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", seconds) }
}

// under returns a function that sets the context of a request.
func under(ctx context.Context) func(*http.Request) {
	return func(r *http.Request) { *r = *r.WithContext(ctx) }
}

// query returns a function that adds parameters to a request.
func query(more string) func(*http.Request) {
	return func(r *http.Request) { r.URL.RawQuery += "&" + more }
}

// has fails the test unless the response has all lines.
func has(t testing.TB, w *httptest.ResponseRecorder, lines ...string) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	body := "\n" + w.Body.String() + "\n"
	for _, line := range lines {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("no line %q in:\n%s", line, body)
		}
	}
}

const (
	succeeds = "probe_success 1"
	fails    = "probe_success 0"
)
