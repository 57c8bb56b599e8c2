package metric_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/zstdlink"
	_ "github.com/luxfi/metric/promhttp/zstd" // registers zstd for the tests of this package
)

// TestWithoutZstd checks the answer to a request for zstd in a program that does not contain it.
func TestWithoutZstd(t *testing.T) {
	early := metric.Handler() // This handler is made before the program links zstd.
	linked := zstdlink.NewCompressor
	zstdlink.NewCompressor = nil
	defer func() { zstdlink.NewCompressor = linked }()
	encoding := func(h http.Handler, accept string) string {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%q: got status %d and %d bytes", accept, w.Code, w.Body.Len())
		}
		return w.Header().Get("Content-Encoding")
	}
	only := metric.HandlerForContext(metric.NewContextRegistry(metric.WithSelfMetrics("app")), metric.HandlerOpts{OfferedCompressions: []metric.Compression{metric.Zstd}})
	for _, tc := range []struct {
		h            http.Handler
		accept, want string
	}{
		{early, "zstd", ""},
		{early, "zstd, gzip;q=0.5", "gzip"},
		{metric.Handler(), "zstd, gzip", "gzip"},
		{only, "zstd", ""},
		{only, "*", ""},
	} {
		if got := encoding(tc.h, tc.accept); got != tc.want {
			t.Errorf("%q: got encoding %q, want %q", tc.accept, got, tc.want)
		}
	}
	zstdlink.NewCompressor = linked
	if got := encoding(early, "zstd"); got != "zstd" {
		t.Errorf("with zstd: got encoding %q", got)
	}
}
