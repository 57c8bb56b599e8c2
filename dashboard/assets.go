package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

// asset is a file of the page.
type asset struct {
	content     []byte
	contentType string
	tag         string // An entity tag.
}

// assets are the files of the page by their names, such as "main.js" and "vendor/uPlot.min.css".
var assets = loadAssets()

// contentTypes do not depend on the machine's table of types, which mime.TypeByExtension reads.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".LICENSE": "text/plain; charset=utf-8",
}

func loadAssets() map[string]*asset {
	all := make(map[string]*asset)
	err := fs.WalkDir(static, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := static.ReadFile(name)
		sum := sha256.Sum256(content)
		all[strings.TrimPrefix(name, "static/")] = &asset{
			content: content, contentType: contentTypes[path.Ext(name)], tag: `"` + hex.EncodeToString(sum[:8]) + `"`,
		}
		return err
	})
	if err != nil {
		panic("BUG: dashboard: " + err.Error())
	}
	return all
}

// serveAsset answers with a file of the page; the empty name is that of the page itself. It reports whether
// there is such a file.
func serveAsset(w http.ResponseWriter, r *http.Request, name string) bool {
	if name == "" {
		name = "index.html"
	}
	a := assets[name]
	if a == nil {
		return false
	}
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("Etag", a.tag)
	// The next version of the program has other files under the same names.
	header.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
	return true
}

// policy allows the page what it needs: its own files, and requests to where it came from. Scripts cannot
// turn texts into HTML, not even by mistake.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// setHeaders sets the headers that all answers have.
func setHeaders(h http.Header) {
	h.Add("Content-Security-Policy", policy) // Beside that of a server around it.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
