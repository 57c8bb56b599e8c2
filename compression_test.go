package metric_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// TestAcceptEncoding checks the rules of RFC 9110, section 12.5.3.
func TestAcceptEncoding(t *testing.T) {
	all := []metric.Compression{metric.Identity, metric.Gzip, metric.Zstd}
	for _, tc := range []struct {
		lines  []string
		offers []metric.Compression // all if nil
		want   string
	}{
		{lines: nil},
		{lines: []string{""}},
		{lines: []string{" , ,"}},
		{lines: []string{"gzip"}, want: "gzip"},
		{lines: []string{"deflate"}},

		// A star stands for all codings that are not named, in any order.
		{lines: []string{"*"}},
		{lines: []string{"gzip;q=0, *"}},
		{lines: []string{"*, gzip;q=0"}},
		{lines: []string{"gzip;q=0, *"}, offers: []metric.Compression{metric.Gzip}},
		{lines: []string{"*, gzip;q=0"}, offers: []metric.Compression{metric.Gzip}},
		{lines: []string{"gzip;q=0, *"}, offers: []metric.Compression{metric.Gzip, metric.Zstd}, want: "zstd"},
		{lines: []string{"*"}, offers: []metric.Compression{metric.Gzip}, want: "gzip"},
		{lines: []string{"*"}, offers: []metric.Compression{metric.Zstd, metric.Gzip}, want: "zstd"},
		{lines: []string{"identity;q=0, *"}, want: "gzip"},
		{lines: []string{"*, identity;q=0, gzip;q=0"}, want: "zstd"},
		{lines: []string{"identity;q=0.5, *"}, want: "gzip"},
		{lines: []string{"gzip;q=0.3, *;q=0.5"}},
		{lines: []string{"gzip;q=0.5, *;q=0.3"}, want: "gzip"},
		{lines: []string{"gzip, *;q=0"}, want: "gzip"},
		{lines: []string{"zstd;q=0.1, *;q=0"}, want: "zstd"},

		// The handler offers no coding that the client accepts, but still sends the metrics.
		{lines: []string{"*;q=0"}},
		{lines: []string{"identity;q=0"}},
		{lines: []string{"identity;q=0, br"}},
		{lines: []string{"gzip;q=0, identity;q=0"}},
		{lines: []string{"*;q=0"}, offers: []metric.Compression{metric.Gzip}},

		// Several lines are one list.
		{lines: []string{"gzip;q=0", "*"}},
		{lines: []string{"*", "gzip;q=0"}, offers: []metric.Compression{metric.Gzip}},
		{lines: []string{"gzip;q=0.5", "zstd"}, want: "zstd"},
		{lines: []string{"", "gzip"}, want: "gzip"},

		// Weights.
		{lines: []string{"gzip;q=0.5, zstd;q=0.501"}, want: "zstd"},
		{lines: []string{"gzip ; q = 0.5 , zstd ;\tq=\t0.9"}, want: "zstd"},
		{lines: []string{"gzip;Q=0.5, zstd;Q=0.9"}, want: "zstd"},
		{lines: []string{"gzip;q=0.000"}},
		{lines: []string{"gzip;q=1.000"}, want: "gzip"},
		{lines: []string{"gzip;q="}},
		{lines: []string{"gzip;q=-1"}},
		{lines: []string{"gzip;q=1.1"}},
		{lines: []string{"gzip;q=NaN"}},
		{lines: []string{"gzip;q=Inf"}},
		{lines: []string{"gzip;q=1e-1"}},
		{lines: []string{"gzip;q=0x1p-1"}},
		{lines: []string{"gzip;level=9"}, want: "gzip"},
		{lines: []string{"gzip;level=9;q=0"}},
		{lines: []string{"identity;q=0.2, gzip;q=0.1"}},

		// Names.
		{lines: []string{"GZIP"}, want: "gzip"},
		{lines: []string{"Zstd;q=0.9, gZip;q=0.8"}, want: "zstd"},
		{lines: []string{"x-gzip"}, want: "gzip"},
		{lines: []string{"X-GZIP;q=0, *"}, offers: []metric.Compression{metric.Gzip}},
		{lines: []string{"x-gzip;q=0.5, zstd;q=0.4"}, want: "zstd", offers: []metric.Compression{metric.Zstd}},
		{lines: []string{"gzipped, xgzip"}},

		// The handler does not support one of the offers.
		{lines: []string{"br, gzip"}, offers: []metric.Compression{"br", metric.Gzip}, want: "gzip"},
		{lines: []string{"*"}, offers: []metric.Compression{"br", metric.Gzip}, want: "gzip"},
	} {
		offers := tc.offers
		if offers == nil {
			offers = all
		}
		t.Run(fmt.Sprintf("%q of %v", tc.lines, offers), func(t *testing.T) {
			var headers []string
			for _, line := range tc.lines {
				headers = append(headers, "Accept-Encoding", line)
			}
			w := request(metric.HandlerForContext(oneCounter(), metric.HandlerOpts{OfferedCompressions: tc.offers}), headers...)
			if got := w.Header().Get("Content-Encoding"); got != tc.want {
				t.Errorf("got Content-Encoding %q, want %q", got, tc.want)
			}
			if got := decompress(t, w); got != oneCounterText {
				t.Errorf("got\n%s", got)
			}
			if vary := w.Header().Values("Vary"); !slices.Equal(vary, []string{"Accept", "Accept-Encoding"}) {
				t.Errorf("got Vary %q", vary)
			}
		})
	}
}

// TestContentEncodingOfMiddleware checks that a body that a middleware compresses is compressed only once,
// even if it is an error.
func TestContentEncodingOfMiddleware(t *testing.T) {
	broken := metric.NewContextRegistry()
	broken.MustRegister(plain{"broken", func(ch chan<- metric.Metric) { panic("no luck") }})
	errorBody := "An error has occurred while serving metrics:\n\n"
	silent := func(error) {}
	for name, tc := range map[string]struct {
		handler http.Handler
		target  string
		code    int
		body    string
	}{
		"metric":        {metric.HandlerFor(oneCounter()), "/", http.StatusOK, oneCounterText},
		"HTTP error":    {metric.HandlerFor(oneCounter(), metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError}), "/", http.StatusOK, oneCounterText},
		"promhttp":      {promhttp.HandlerFor(oneCounter(), promhttp.HandlerOpts{}), "/", http.StatusOK, oneCounterText},
		"no compressor": {metric.HandlerFor(oneCounter(), metric.HandlerOpts{DisableCompression: true}), "/", http.StatusOK, oneCounterText},
		"error":         {metric.HandlerFor(broken, metric.HandlerOpts{ErrorLog: silent}), "/", http.StatusInternalServerError, errorBody},
		"bad selection": {metric.HandlerFor(oneCounter()), "/?collect[]=x", http.StatusBadRequest, "the selection is not valid"},
		"bad query":     {metric.HandlerFor(oneCounter()), "/?a=%zz", http.StatusBadRequest, "the query of the URL is not valid"},
	} {
		for _, accept := range []string{"gzip", "zstd", "identity"} {
			t.Run(name+"/"+accept, func(t *testing.T) {
				w := requestTo(compressing(tc.handler), tc.target, "Accept-Encoding", accept)
				if got := w.Header().Values("Content-Encoding"); !slices.Equal(got, []string{"gzip"}) {
					t.Errorf("got Content-Encoding %q", got)
				}
				if body := decompress(t, w); w.Code != tc.code || !strings.HasPrefix(body, tc.body) {
					t.Errorf("got status %d and\n%s", w.Code, body)
				}
				if vary := strings.ToLower(strings.Join(w.Header().Values("Vary"), ", ")); strings.Count(vary, "accept-encoding") != 1 {
					t.Errorf("got Vary %q", vary)
				}
			})
		}
	}
	t.Run("identity", func(t *testing.T) { // Some middleware does not compress in this case.
		h := metric.HandlerFor(oneCounter())
		w := request(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "identity")
			h.ServeHTTP(w, r)
		}), "Accept-Encoding", "gzip")
		if got := w.Body.String(); got != oneCounterText || w.Header().Get("Content-Encoding") != "identity" {
			t.Errorf("got Content-Encoding %q and %q", w.Header().Values("Content-Encoding"), got)
		}
	})
	t.Run("empty", func(t *testing.T) {
		h := metric.HandlerFor(oneCounter())
		w := request(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Encoding"] = []string{""}
			h.ServeHTTP(w, r)
		}), "Accept-Encoding", "gzip")
		if got := decompress(t, w); got != oneCounterText || w.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("got Content-Encoding %q and %q", w.Header().Values("Content-Encoding"), got)
		}
	})
	t.Run("over a connection", func(t *testing.T) {
		server := httptest.NewServer(compressing(metric.HandlerFor(manySeries(3000))))
		defer server.Close()
		resp, err := server.Client().Get(server.URL) // The transport requests gzip and decompresses the body.
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if n := strings.Count(string(body), "\nmany_total{"); err != nil || n != 3000 {
			t.Errorf("got %d series and error %v", n, err)
		}
	})
}
