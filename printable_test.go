package metric_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/luxfi/metric"
)

// nasty are texts that have an effect in a terminal or editor, with the form in which they are
// shown.
var nasty = map[string]string{
	"\x1b[2J\x1b]0;title\a": `\x1b[2J\x1b]0;title\x07`,
	"a\u202egpj.exe":        `a\u202egpj.exe`,
	"a\u2066b\u2069":        `a\u2066b\u2069`,
	"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
	"c1\u009b31m":           `c1\u009b31m`,
	"tag\U000e0041":         `tag\U000e0041`,
	"blank\u3164":           `blank\u3164`,
	"nul\x00":               `nul\x00`,
}

// hidden returns the first character of a page that is invisible to a reader.
func hidden(page string) (r rune, found bool) {
	i := strings.IndexFunc(page, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) })
	if i < 0 {
		return 0, false
	}
	r, _ = utf8.DecodeRuneInString(page[i:])
	return r, true
}

// TestStatusPageIsPrintable checks the status page with control and bidirectional characters in the
// names of collectors and in errors.
func TestStatusPageIsPrintable(t *testing.T) {
	for text, shown := range nasty {
		t.Run(shown, func(t *testing.T) {
			r := metric.NewContextRegistry()
			if err := r.RegisterWith(failing("broken", text), metric.WithName("name "+text)); err != nil {
				t.Fatal(err)
			}
			_, _ = r.GatherWithContext(t.Context())
			for _, accept := range []string{"", "text/html"} {
				page := httptest.NewRecorder()
				req := httptest.NewRequest(http.MethodGet, "/status", nil)
				req.Header.Set("Accept", accept)
				metric.StatusHandler(r).ServeHTTP(page, req)
				body := page.Body.String()
				if c, found := hidden(body); found {
					t.Errorf("Accept %q: the page has the character %U:\n%s", accept, c, body)
				}
				if n := strings.Count(body, shown); n < 2 {
					t.Errorf("Accept %q: the page shows %q %d times, want it in the name and in the error:\n%s", accept, shown, n, body)
				}
			}
		})
	}
}

// TestErrorBodyIsPrintable is like [TestStatusPageIsPrintable] for the error bodies of the handler.
func TestErrorBodyIsPrintable(t *testing.T) {
	for text, shown := range nasty {
		t.Run(shown, func(t *testing.T) {
			r := metric.NewContextRegistry()
			if err := r.RegisterWith(failing("broken", text), metric.WithName("name "+text)); err != nil {
				t.Fatal(err)
			}
			get := func(opts metric.HandlerOpts, target string) string {
				body := httptest.NewRecorder()
				metric.HandlerForContext(r, opts).ServeHTTP(body, httptest.NewRequest(http.MethodGet, target, nil))
				return body.Body.String()
			}
			for what, body := range map[string]string{
				"default":   get(metric.HandlerOpts{}, "/metrics"),
				"ErrorText": get(metric.HandlerOpts{ErrorText: func(error) string { return text }}, "/metrics"),
				"selection": get(metric.HandlerOpts{}, "/metrics?collect[]="+url.QueryEscape("x")),
			} {
				if c, found := hidden(body); found || !strings.Contains(body, shown) {
					t.Errorf("%s: the body has the character %U, or not %q:\n%s", what, c, shown, body)
				}
			}
		})
	}
}

func failing(name, text string) metric.Collector {
	desc := metric.NewDesc(name, "Of a test.", nil, nil)
	return metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- desc }, func(_ context.Context, ch chan<- metric.Metric) {
		ch <- metric.NewInvalidMetric(desc, errors.New(text))
	})
}
