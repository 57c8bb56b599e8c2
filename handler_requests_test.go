package metric_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// TestUnusualRequests sends requests that no scraper sends, and checks that the handler answers like
// client_golang's handler.
func TestUnusualRequests(t *testing.T) {
	r := oneCounter()
	theirs := clienthttp.HandlerFor(r, clienthttp.HandlerOpts{EnableOpenMetrics: true})
	for name, tc := range map[string]struct {
		method, header, value, body string
	}{
		"POST":                {method: http.MethodPost, body: "collect[]=nothing&name[]=nothing"},
		"PUT":                 {method: http.MethodPut, body: "x"},
		"DELETE":              {method: http.MethodDelete},
		"OPTIONS":             {method: http.MethodOptions},
		"unknown method":      {method: "BREW"},
		"Range":               {header: "Range", value: "bytes=0-3"},
		"Range from the end":  {header: "Range", value: "bytes=-1"},
		"If-Modified-Since":   {header: "If-Modified-Since", value: "Fri, 01 Jan 2100 00:00:00 GMT"},
		"If-None-Match":       {header: "If-None-Match", value: "*"},
		"Accept nothing":      {header: "Accept", value: ""},
		"Accept garbage":      {header: "Accept", value: ";;,/,*/,q=,\x01;q=x,text/;version=\""},
		"Accept q=0":          {header: "Accept", value: "text/plain;q=0, */*;q=0"},
		"Accept bad q":        {header: "Accept", value: "application/openmetrics-text;version=1.0.0;q=NaN"},
		"Accept bad version":  {header: "Accept", value: "application/openmetrics-text;version=99"},
		"Accept bad escaping": {header: "Accept", value: "text/plain;version=0.0.4;escaping=nonsense"},
		"Accept many":         {header: "Accept", value: strings.Repeat("a/b;q=0.1,", 10_000) + "application/openmetrics-text;version=1.0.0"},
		"Expect":              {header: "Expect", value: "100-continue"},
	} {
		for which, ours := range map[string]http.Handler{
			"metric": metric.HandlerFor(r), "promhttp": promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: true}),
		} {
			t.Run(name+"/"+which, func(t *testing.T) {
				answer := func(h http.Handler) *httptest.ResponseRecorder {
					method := tc.method
					if method == "" {
						method = http.MethodGet
					}
					req := httptest.NewRequest(method, "/metrics", strings.NewReader(tc.body))
					if tc.body != "" {
						req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					}
					if tc.header != "" {
						req.Header.Set(tc.header, tc.value)
					}
					w := httptest.NewRecorder()
					h.ServeHTTP(w, req)
					return w
				}
				got, want := answer(ours), answer(theirs)
				if got.Code != want.Code || got.Body.String() != want.Body.String() {
					t.Errorf("got status %d and\n%s\nwant status %d and\n%s", got.Code, got.Body, want.Code, want.Body)
				}
				for _, name := range []string{"Content-Type", "Content-Range", "Accept-Ranges", "Content-Encoding"} {
					if got, want := got.Header().Get(name), want.Header().Get(name); got != want {
						t.Errorf("got %s %q, want %q", name, got, want)
					}
				}
			})
		}
	}
}

// TestHeadHasTheHeaderOfGet compares the headers of HEAD and GET.
func TestHeadHasTheHeaderOfGet(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"metric":     metric.HandlerFor(oneCounter()),
		"promhttp":   promhttp.HandlerFor(oneCounter(), promhttp.HandlerOpts{}),
		"compressed": compressing(metric.HandlerFor(oneCounter())),
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(h)
			defer server.Close()
			header := func(method string) string {
				req, err := http.NewRequestWithContext(t.Context(), method, server.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Accept-Encoding", "identity")
				resp, err := server.Client().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if body, err := io.ReadAll(resp.Body); err != nil || (len(body) == 0) != (method == http.MethodHead) {
					t.Errorf("%s: got %q and error %v", method, body, err)
				}
				resp.Header.Del("Date")
				resp.Header.Del("Content-Length")
				var text strings.Builder
				_ = resp.Header.Write(&text)
				return resp.Status + "\n" + text.String()
			}
			if head, get := header(http.MethodHead), header(http.MethodGet); head != get {
				t.Errorf("HEAD has\n%s\nGET has\n%s", head, get)
			}
		})
	}
}

// TestHeadHasTheStatusOfGet compares the status of HEAD and GET for requests that are refused.
func TestHeadHasTheStatusOfGet(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"metric":   metric.HandlerFor(oneCounter()),
		"opts":     metric.HandlerFor(oneCounter(), metric.HandlerOpts{DisableCollectorSelection: true}),
		"promhttp": promhttp.HandlerFor(oneCounter(), promhttp.HandlerOpts{}),
		"nested":   metric.HandlerFor(metric.Gatherers{oneCounter(), metric.NewRegistry()}),
		"selected": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := metric.Select(r.Context(), metric.Selection{Collectors: []string{"unknown"}})
			metric.HandlerFor(oneCounter()).ServeHTTP(w, r.WithContext(ctx))
		}),
	} {
		for query, refused := range map[string]bool{
			"collect[]=unknown": true, "exclude[]=unknown": true, "collect[]=": true, "name[]=": true, "collect[]=a&exclude[]=b": true,
			"%zz": true, "name[]=unknown": false, "": false,
		} {
			t.Run(name+" "+query, func(t *testing.T) {
				status := make(map[string]int)
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					w, r := httptest.NewRecorder(), httptest.NewRequest(method, "/metrics", http.NoBody)
					r.URL.RawQuery = query
					h.ServeHTTP(w, r)
					status[method] = w.Code
				}
				if get, head := status[http.MethodGet], status[http.MethodHead]; head != get {
					t.Errorf("HEAD has status %d, GET has %d", head, get)
				} else if name == "metric" && (get == http.StatusBadRequest) != refused {
					t.Errorf("got status %d", get)
				}
			})
		}
	}
}

// bareWriter hides all methods except the methods of http.ResponseWriter.
type bareWriter struct{ http.ResponseWriter }

// TestAroundTheHandler checks that answers arrive whole through middleware, in both protocols.
func TestAroundTheHandler(t *testing.T) {
	const series = 3000
	metrics := metric.HandlerFor(manySeries(series))
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { metrics.ServeHTTP(bareWriter{w}, r) })
	for name, h := range map[string]http.Handler{
		"nothing":                     metrics,
		"hidden methods":              bare,
		"compressing":                 compressing(metrics),
		"http.TimeoutHandler":         http.TimeoutHandler(metrics, time.Minute, "too late"),
		"http.TimeoutHandler, inside": http.TimeoutHandler(compressing(metrics), time.Minute, "too late"),
		"http.StripPrefix":            http.StripPrefix("/app", metrics),
		"http.MaxBytesHandler":        http.MaxBytesHandler(metrics, 10),
		"instrumented":                promhttp.InstrumentMetricHandler(metric.NewContextRegistry(), bare),
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				server := httptest.NewUnstartedServer(h)
				server.EnableHTTP2 = http2
				server.StartTLS()
				defer server.Close()
				for _, accept := range []string{"", "identity", "zstd"} { // Without a value, the client asks for gzip.
					req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/app/metrics", http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					if accept != "" {
						req.Header.Set("Accept-Encoding", accept)
					}
					resp, err := server.Client().Do(req)
					if err != nil {
						t.Fatal(err)
					}
					w := httptest.NewRecorder()
					w.Header()["Content-Encoding"] = resp.Header["Content-Encoding"]
					_, err = io.Copy(w, resp.Body)
					resp.Body.Close()
					if body := decompress(t, w); err != nil || resp.StatusCode != http.StatusOK || strings.Count(body, "\nmany_total{") != series {
						t.Errorf("%q: got status %d, %d bytes, error %v", accept, resp.StatusCode, len(body), err)
					}
				}
			})
		}
	}
}

// TestAbortAroundTheHandler checks that no client takes a part of an answer for the whole, even
// through middleware that hides that an answer was broken off.
func TestAbortAroundTheHandler(t *testing.T) {
	capturingLog(t)
	metrics := metric.HandlerFor(manySeries(3000))
	failing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		metrics.ServeHTTP(&failingWriter{ResponseWriter: w, left: 1000}, r)
	})
	for name, h := range map[string]http.Handler{
		"hidden methods":      failing,
		"compressing":         compressing(failing),
		"http.TimeoutHandler": http.TimeoutHandler(failing, time.Minute, "too late"),
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				server := httptest.NewUnstartedServer(h)
				server.EnableHTTP2 = http2
				server.StartTLS()
				defer server.Close()
				resp, err := server.Client().Get(server.URL)
				if err != nil {
					return
				}
				defer resp.Body.Close()
				if n, err := io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode == http.StatusOK {
					t.Errorf("got %d bytes that look like a whole answer", n)
				}
			})
		}
	}
}
