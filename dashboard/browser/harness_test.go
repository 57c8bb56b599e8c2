//go:build e2e

package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWatch checks that the harness notices each fault of a page.
func TestWatch(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"nothing", `<p>Hello</p>`, ""},
		{"console", `<script>console.error('oh', 'no')</script>`, "console: "},
		{"exception", `<script>throw new Error('oh no')</script>`, "exception: Error: oh no"},
		{"rejection", `<script>Promise.reject(new Error('oh no'))</script>`, "exception: Error: oh no"},
		{"missing", `<img alt="" src="missing.png">`, "request: "},
		{"policy", `<img alt="" src="http://192.0.2.1/x.png">`, "policy violation: img-src"},
		{"dialog", `<script>alert('oh no')</script>`, "dialog: oh no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/":
					w.Header().Set("Content-Security-Policy", "img-src 'self' data:")
					fmt.Fprintf(w, `<!doctype html><html lang="en"><title>x</title><link rel="icon" href="data:,"><body>%s`, test.body)
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			tb := newTab(t, desktop)
			tb.open(server.URL + "/")
			if test.want != "" {
				tb.waitFor("fault", func() error {
					if got := strings.Join(tb.faults.take(), "\n"); !strings.Contains(got, test.want) {
						return fmt.Errorf("got %s", got)
					}
					return nil
				})
				tb.open("about:blank")
				tb.faults.take()
			}
		})
	}
}
