package dashboard

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// page is an archive of the files in folder static. Clients that accept gzip get its compressed data as it
// is.
//
//go:generate go run ./internal/pack
//go:embed page.zip
var page []byte

// asset is a file of the page.
type asset struct {
	gzipped     []byte
	contentType string
	tag         string // entity tag
}

// assets returns the files of the page by their names, such as "main.js" and "vendor/uPlot.min.css".
var assets = sync.OnceValue(func() map[string]*asset {
	archive, err := zip.NewReader(bytes.NewReader(page), int64(len(page)))
	if err != nil {
		panic("BUG: dashboard: " + err.Error())
	}
	all := make(map[string]*asset, len(archive.File))
	for _, file := range archive.File {
		gzipped, err := gzipOf(file)
		if err != nil {
			panic("BUG: dashboard: " + err.Error())
		}
		sum := sha256.Sum256(gzipped)
		all[file.Name] = &asset{gzipped, contentTypes[path.Ext(file.Name)], `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	return all
})

// contentTypes is used instead of mime.TypeByExtension, which depends on the machine's table of types.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".LICENSE": "text/plain; charset=utf-8",
}

// gzipOf converts a file of a zip archive to the gzip format. Both formats have the same compressed data, but
// other headers and trailers; see RFC 1952.
func gzipOf(file *zip.File) ([]byte, error) {
	raw, err := file.OpenRaw()
	if err != nil {
		return nil, err
	}
	const deflate, unknown = 8, 255 // the method and the operating system
	gzipped := bytes.NewBuffer([]byte{0x1f, 0x8b, deflate, 0, 0, 0, 0, 0, 0, unknown})
	if _, err := io.Copy(gzipped, raw); err != nil {
		return nil, err
	}
	trailer := binary.LittleEndian.AppendUint32(nil, file.CRC32)
	trailer = binary.LittleEndian.AppendUint32(trailer, uint32(file.UncompressedSize64)) //nolint:gosec // The file is small.
	gzipped.Write(trailer)
	return gzipped.Bytes(), nil
}

// content returns the uncompressed file.
func (a *asset) content() []byte {
	r, err := gzip.NewReader(bytes.NewReader(a.gzipped))
	if err != nil {
		panic("BUG: dashboard: " + err.Error())
	}
	content, err := io.ReadAll(r)
	if err != nil {
		panic("BUG: dashboard: " + err.Error())
	}
	return content
}

// serveAsset answers with a file of the page. The empty name stands for the page itself. serveAsset
// reports whether the file exists.
func serveAsset(w http.ResponseWriter, r *http.Request, name string) bool {
	if name == "" {
		name = "index.html"
	}
	a := assets()[name]
	if a == nil {
		return false
	}
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Add("Vary", "Accept-Encoding")
	// The next version of the program has other files under the same names.
	header.Set("Cache-Control", "no-cache")
	body, tag := a.gzipped, a.tag
	if acceptsGzip(r) {
		header.Set("Content-Encoding", "gzip")
	} else {
		body, tag = a.content(), `"plain-`+a.tag[1:]
	}
	header.Set("Etag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return true
}

// acceptsGzip reports whether the client accepts the encoding gzip. All browsers do. Other clients get
// the file uncompressed.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, quality, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !strings.HasPrefix(strings.ReplaceAll(quality, " ", ""), "q=0") || strings.Trim(quality, " q=0.") != ""
		}
	}
	return false
}

// policy allows only what the page needs: its own files, and requests to its own origin. Scripts cannot
// turn texts into HTML, not even by mistake.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// setHeaders sets the headers of all answers.
func setHeaders(h http.Header) {
	h.Add("Content-Security-Policy", policy) // Add keeps the policy of a server around the dashboard.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
