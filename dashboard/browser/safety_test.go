//go:build e2e

package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric/dashboard/browser/fixture"
)

// TestLoopbackOnly sends requests from other machines, and requests that a page of another site could cause.
func TestLoopbackOnly(t *testing.T) {
	s := commonSite(t)
	for _, test := range []struct {
		name, remote, host, method string
		header                     http.Header
		want                       int
	}{
		{"here", "127.0.0.1:1234", "127.0.0.1:80", http.MethodGet, nil, http.StatusOK},
		{"here, IPv6", "[::1]:1234", "[::1]:80", http.MethodGet, nil, http.StatusOK},
		{"here, by name", "127.0.0.1:1234", "localhost:80", http.MethodGet, nil, http.StatusOK},
		{"another machine", "192.0.2.1:1234", "127.0.0.1:80", http.MethodGet, nil, http.StatusForbidden},
		{"a name of another site", "127.0.0.1:1234", "evil.example:80", http.MethodGet, nil, http.StatusForbidden},
		{"a name that begins like this machine's", "127.0.0.1:1234", "localhost.evil.example", http.MethodGet, nil, http.StatusForbidden},
		{"delete", "127.0.0.1:1234", "127.0.0.1:80", http.MethodDelete, nil, http.StatusMethodNotAllowed},
		{"post", "127.0.0.1:1234", "127.0.0.1:80", http.MethodPost, nil, http.StatusMethodNotAllowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{"/", "/api/collectors", "/api/metrics", "/collectors.txt", "/main.js"} {
				r := httptest.NewRequestWithContext(t.Context(), test.method, path, http.NoBody)
				r.RemoteAddr, r.Host = test.remote, test.host
				w := httptest.NewRecorder()
				s.board.ServeHTTP(w, r)
				if w.Code != test.want {
					t.Errorf("%s: status %d, want %d: %.200s", path, w.Code, test.want, w.Body)
				}
				if test.want != http.StatusOK && strings.Contains(w.Body.String(), "panicking") {
					t.Errorf("%s: the refusal shows a collector", path)
				}
			}
		})
	}
}

// TestHarmless opens each view of a program whose names, values, errors and panics contain code or are very
// long.
func TestHarmless(t *testing.T) {
	s := commonSite(t)
	eachLook(t, func(t *testing.T, tb *tab) {
		for _, v := range []struct{ query, shows string }{
			{"?view=collectors", "evil_script"},
			{"?view=metrics&q=evil", "evil_texts"},
			{"?view=metrics&family=evil_texts", "<script>"},
			{"?view=metrics&family=evil_exemplars_total", "evil_exemplars_total"},
			{"?view=metrics&family=" + escape("evil "+fixture.Script), "evil <script>"},
			{"?view=metrics&family=" + escape("evil "+fixture.Image), "evil \"><img"},
			{"?view=metrics&q=" + escape(fixture.Image), "families"},
			{"?view=cardinality", "evil_texts"},
			{"?view=history", "evil_script"},
			{"?view=" + escape(fixture.Script), "panicking"},
		} {
			tb.openLive(s.url+v.query, v.shows)
			tb.openDetails()
			tb.checkWidth()
			if eval[bool](tb, "'pwned' in window") {
				t.Errorf("%s: a text has run", v.query)
			}
			if bad := eval[[]string](tb, `[...document.querySelectorAll('a[href]')].map((a) => a.href)
				.filter((href) => !/^https?:/.test(href))`); len(bad) > 0 {
				t.Errorf("%s: links to %.300q", v.query, bad)
			}
			if html := eval[string](tb, "document.documentElement.outerHTML"); strings.Contains(html, fixture.Secret) {
				t.Errorf("%s: the page has a password", v.query)
			} else if len(html) > 5<<20 {
				t.Errorf("%s: the page has %d bytes", v.query, len(html))
			}
		}
	})
}

// TestSecrets checks that no page and no answer with errors contains the password.
func TestSecrets(t *testing.T) {
	s := commonSite(t)
	for _, path := range []string{"collectors.txt", "api/collectors", "api/history", "api/metrics?q=error"} {
		if status, body := s.get(path, nil); status != http.StatusOK || strings.Contains(body, fixture.Secret) {
			t.Errorf("%s: status %d, with a password: %t", path, status, strings.Contains(body, fixture.Secret))
		}
	}
}

// openDetails unfolds everything that is folded.
func (tb *tab) openDetails() {
	tb.t.Helper()
	eval[int](tb, `(() => {
		const all = [...document.querySelectorAll('main details:not([open]) > summary, main [aria-expanded="false"]')];
		for (const each of all) each.click();
		return all.length;
	})()`)
}
