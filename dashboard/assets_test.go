package dashboard

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestPage checks that the archive contains the files of folder static, and that it is small.
func TestPage(t *testing.T) {
	if most := 150_000; len(page) >= most {
		t.Errorf("the page has %d bytes, want less than %d", len(page), most)
	}
	files, known := os.DirFS("static"), assets()
	count := 0
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		count++
		want, err := fs.ReadFile(files, name)
		if a := known[name]; a == nil || !bytes.Equal(a.content(), want) {
			t.Errorf("page.zip lacks %s, or has an older version: run go generate ./dashboard", name)
		}
		return err
	})
	if err != nil || count != len(known) {
		t.Errorf("page.zip has %d files, want %d: run go generate ./dashboard (%v)", len(known), count, err)
	}
}

// TestLinks checks that every file that the page refers to exists, and that index.html has no inline code or
// style.
func TestLinks(t *testing.T) {
	links := regexp.MustCompile(`(?:src|href)="([^"#?:]+)"|(?:from|import) ['"]\./([^'"]+)['"]`)
	for name, a := range assets() {
		if a.contentType == "" {
			t.Errorf("%s has no content type", name)
		}
		if strings.HasPrefix(name, "vendor/") {
			continue
		}
		for _, match := range links.FindAllStringSubmatch(string(a.content()), -1) {
			asked := match[1] + match[2]
			if assets()[asked] == nil && strings.Contains(asked, ".") && !strings.HasSuffix(asked, ".txt") {
				t.Errorf("%s asks for %s, which does not exist", name, asked)
			}
		}
	}
	page := string(assets()["index.html"].content())
	for _, inline := range []string{"<style", "style=", "onclick=", `src="http`, `href="http`, "<script>"} {
		if strings.Contains(page, inline) {
			t.Errorf("the page contains %s, which its policy forbids", inline)
		}
	}
}

// TestServeAsset checks the answers for files, and that browsers may cache them.
func TestServeAsset(t *testing.T) {
	get := func(name string, header ...string) (*httptest.ResponseRecorder, bool) {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/"+name, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return w, serveAsset(w, r, name)
	}
	plain, ok := get("")
	if !ok || plain.Code != http.StatusOK || plain.Header().Get("Content-Type") != "text/html; charset=utf-8" || plain.Header().Get("Content-Encoding") != "" {
		t.Fatalf("got %v, %d, %v", ok, plain.Code, plain.Header())
	}
	if want, err := os.ReadFile("static/index.html"); err != nil || plain.Body.String() != string(want) {
		t.Errorf("got %d bytes, want %d (%v)", plain.Body.Len(), len(want), err)
	}
	for accept, want := range map[string]string{
		"gzip": "gzip", "br, GZIP;q=0.5": "gzip", "gzip;q=1.0": "gzip", "gzip; q=0.05": "gzip",
		"": "", "br": "", "gzip;q=0": "", "gzip; q=0.000, br": "", "xgzip": "",
	} {
		w, _ := get("", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
	}
	zipped, _ := get("", "Accept-Encoding", "gzip")
	if zipped.Body.Len() >= plain.Body.Len() || zipped.Header().Get("Etag") == plain.Header().Get("Etag") {
		t.Errorf("%d bytes with the tag %s, and %d with %s", zipped.Body.Len(), zipped.Header().Get("Etag"), plain.Body.Len(), plain.Header().Get("Etag"))
	}
	if again, _ := get("index.html", "Accept-Encoding", "gzip", "If-None-Match", zipped.Header().Get("Etag")); again.Code != http.StatusNotModified {
		t.Errorf("got %d", again.Code)
	}
	for _, name := range []string{"missing.js", "../assets.go", "static/index.html", "vendor"} {
		if w, ok := get(name); ok || w.Body.Len() > 0 {
			t.Errorf("%s: got %v and %d bytes", name, ok, w.Body.Len())
		}
	}
}

// TestSetHeaders checks that the dashboard keeps a policy that a server around it has set.
func TestSetHeaders(t *testing.T) {
	h := http.Header{"Content-Security-Policy": {"default-src 'self'"}}
	setHeaders(h)
	if all := h.Values("Content-Security-Policy"); len(all) != 2 || !strings.Contains(all[1], "default-src 'none'") || !strings.Contains(all[1], "require-trusted-types-for 'script'") {
		t.Errorf("got %q", all)
	}
}
