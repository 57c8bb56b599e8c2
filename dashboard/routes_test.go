package dashboard_test

import (
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/luxfi/metric/dashboard"
)

func TestPaths(t *testing.T) {
	d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{})
	mounted := func(pattern string, h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(pattern, h)
		return mux
	}
	const html, text, json = "text/html", "text/plain; charset=utf-8", "application/json"
	for _, mount := range []struct {
		name    string
		handler http.Handler
		prefix  string
	}{
		{"at the root", d, ""},
		{"in a mux", mounted("/debug/dash/", d), "/debug/dash"},
		{"in a mux, stripped", mounted("/debug/dash/", http.StripPrefix("/debug/dash", d)), "/debug/dash"},
		{"in a mux, stripped with the slash", mounted("/debug/dash/", http.StripPrefix("/debug/dash/", d)), "/debug/dash"},
		{"below api", mounted("/x/api/dash/", d), "/x/api/dash"},
		{"below metrics", mounted("/metrics/", d), "/metrics"},
		{"behind a proxy", d, "/a/b"},
	} {
		t.Run(mount.name, func(t *testing.T) {
			for _, test := range []struct {
				path, accept string
				status       int
				contentType  string
			}{
				{"/", "text/html,*/*", 200, html},
				{"/?view=metrics", "text/html", 200, html},
				{"/", "*/*", 200, text},
				{"/collectors.txt", "text/html", 200, text},
				{"/index.html", "*/*", 200, html},
				{"/metrics", "*/*", 200, "text/plain; version=0.0.4"},
				{"/metrics?collect[]=nope", "*/*", 400, text},
				{"/api/metrics", "*/*", 200, json},
				{"/api/collectors", "*/*", 200, json},
				{"/api/history", "*/*", 200, json},
				{"/api/metrics?limit=0", "*/*", 400, json},
				{"/api/nope", "*/*", 404, json},
				{"/api/", "text/html", 404, json},
				{"/nope.js", "*/*", 404, text},
			} {
				w := get(mount.handler, mount.prefix+test.path, "Accept", test.accept)
				if got := w.Header().Get("Content-Type"); w.Code != test.status || !strings.HasPrefix(got, test.contentType) {
					t.Errorf("%s: %d %s, not %d %s", mount.prefix+test.path, w.Code, got, test.status, test.contentType)
				}
				if w.Header().Get("Cache-Control") != "no-store" && w.Code != 200 {
					t.Errorf("%s may be stored", test.path)
				}
			}
		})
	}
}

// TestFiles requests all files of the page.
func TestFiles(t *testing.T) {
	d := newDashboard(t, registryOf(t, nil), dashboard.Opts{})
	stripped := http.StripPrefix("/x/", d)
	err := fs.WalkDir(os.DirFS("static"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, path := range []string{"/", "/a/", "/a/api/", "/metrics/"} {
			if w := get(d, path+name); w.Code != http.StatusOK || w.Body.Len() == 0 {
				t.Errorf("%s: %d, %d bytes", path+name, w.Code, w.Body.Len())
			}
		}
		if w := get(stripped, "/x/"+name); w.Code != http.StatusOK {
			t.Errorf("%s with its prefix stripped: %d", name, w.Code)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRedirects(t *testing.T) {
	d := newDashboard(t, registryOf(t, nil), dashboard.Opts{})
	mux := http.NewServeMux()
	mux.Handle("/plain", d)
	mux.Handle("/plain/", d)
	mux.Handle("/stripped", http.StripPrefix("/stripped", d))
	mux.Handle("/stripped/", http.StripPrefix("/stripped", d))
	for _, test := range []struct {
		name    string
		handler http.Handler
		target  string
		want    string // empty if nothing is served there
	}{
		{"without a mux", d, "/debug/dash?view=metrics&q=a%20b", "./dash/?view=metrics&q=a%20b"},
		{"a colon", d, "/a/javascript:x", "./javascript:x/"},
		{"escaped", d, "/a%2Fb%3Fc", "./a%2Fb%3Fc/"},
		{"in a mux", mux, "/plain?x", "./plain/?x"},
		{"below", mux, "/plain/nope", ""},
		{"stripped", mux, "/stripped?view=history", "./stripped/?view=history"},
		{"below stripped", mux, "/stripped/nope", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := get(test.handler, test.target, "Accept", "text/html")
			status := http.StatusTemporaryRedirect
			if test.want == "" {
				status = http.StatusNotFound
			}
			if got := w.Header().Get("Location"); w.Code != status || got != test.want {
				t.Errorf("%d %q, not %q", w.Code, got, test.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{})
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodHead, "/", 200, ""},
		{http.MethodHead, "/api/metrics", 200, ""},
		{http.MethodHead, "/api/stream", 405, "GET"},
		{http.MethodPost, "/api/stream", 405, "GET"},
		{http.MethodPost, "/", 405, "GET, HEAD"},
		{http.MethodDelete, "/api/metrics", 405, "GET, HEAD"},
		{http.MethodGet, "/api/marks", 405, "POST"},
		{http.MethodHead, "/api/marks", 405, "POST"},
		{http.MethodPost, "/api/marks", 200, ""},
	} {
		w := serve(d, test.method, test.path)
		if got := w.Header().Get("Allow"); w.Code != test.status || got != test.allow {
			t.Errorf("%s %s: %d, allowed is %q; want %d, %q", test.method, test.path, w.Code, got, test.status, test.allow)
		}
	}
}

func TestForbidden(t *testing.T) {
	d := newDashboard(t, registryOf(t, nil), dashboard.Opts{Allow: func(*http.Request) bool { return false }})
	for _, path := range []string{"/", "/main.js", "/metrics", "/collectors.txt", "/api/metrics", "/api/stream", "/nope"} {
		w := get(d, path)
		if w.Code != http.StatusForbidden || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}
