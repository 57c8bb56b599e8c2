package metric_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
)

// ask sends a request, with headers given in pairs.
func ask(t *testing.T, c net.Conn, headers ...string) {
	t.Helper()
	text := "GET /metrics HTTP/1.1\r\nHost: a\r\n"
	for i := 0; i < len(headers); i += 2 {
		text += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	if _, err := io.WriteString(c, text+"\r\n"); err != nil {
		t.Fatal(err)
	}
}

// manySeries returns a registry with n long series.
func manySeries(n int) *metric.ContextRegistry {
	r := metric.NewContextRegistry()
	vec := metric.NewCounterVec(metric.CounterOpts{Name: "many_total"}, []string{"n"})
	r.MustRegister(vec)
	for i := range n {
		vec.WithLabelValues(strings.Repeat("x", 200) + fmt.Sprint(i))
	}
	return r
}

// request sends a GET request with headers, given in pairs, to a handler.
func request(h http.Handler, headers ...string) *httptest.ResponseRecorder {
	return requestTo(h, "/metrics", headers...)
}

// requestTo sends a GET request for a target with headers, given in pairs, to a handler.
func requestTo(h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const scrapeTimeout = "X-Prometheus-Scrape-Timeout-Seconds"

// oneCounter returns a registry whose exposition is oneCounterText.
func oneCounter() *metric.ContextRegistry {
	r := metric.NewContextRegistry()
	c := metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests."})
	c.Add(3)
	r.MustRegister(c)
	return r
}

const oneCounterText = "# HELP requests_total Requests.\n# TYPE requests_total counter\nrequests_total 3\n"

// get sends a request to a server and reads the answer until it ends or fails.
func get(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // The answer is cut off.
}

// decompress returns the body of a recorded answer.
func decompress(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	body, err := readCoded(bytes.NewReader(w.Body.Bytes()), w.Header().Get("Content-Encoding"))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// namesIn returns the families of an exposition in text.
func namesIn(body *bytes.Buffer) (names []string) {
	for lines := bufio.NewScanner(body); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "# TYPE "); ok {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
	}
	return names
}

// brokenBeside returns a registry with a counter and a collector that fails.
func brokenBeside(text string, opts ...metric.RegistryOption) *metric.ContextRegistry {
	r := metric.NewContextRegistry(opts...)
	c := metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests."})
	c.Add(3)
	r.MustRegister(c)
	r.MustRegisterWith(plain{"broken", func(ch chan<- metric.Metric) {
		ch <- metric.NewInvalidMetric(desc("broken"), errors.New(text))
	}}, metric.WithName(fmt.Sprintf("broken %d", brokens.Add(1))))
	return r
}

// brokens counts the collectors of brokenBeside. Each has its own name, since handlers without
// an ErrorLog log a failure of one name once a minute.
var brokens atomic.Int64

// readBack parses an exposition.
func readBack(response *httptest.ResponseRecorder) (map[string]*dto.MetricFamily, error) {
	format := expfmt.ResponseFormat(response.Header())
	if format.FormatType() != expfmt.TypeProtoDelim {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		return parser.TextToMetricFamilies(bytes.NewReader(response.Body.Bytes()))
	}
	read := make(map[string]*dto.MetricFamily)
	decoder := expfmt.NewDecoder(bytes.NewReader(response.Body.Bytes()), format)
	for {
		var mf dto.MetricFamily
		err := decoder.Decode(&mf)
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return read, err
		}
		read[mf.GetName()] = &mf
	}
}

// statusPage returns the status page of a gatherer for a client with this Accept header.
func statusPage(t *testing.T, g metric.Gatherer, accept string) string {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/status", http.NoBody)
	req.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	metric.StatusHandler(g).ServeHTTP(w, req)
	want := "text/plain; charset=utf-8"
	if strings.HasPrefix(accept, "text/html") {
		want = "text/html; charset=utf-8"
	}
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != want {
		t.Errorf("got status %d and Content-Type %q, want %q", w.Code, got, want)
	}
	return w.Body.String()
}

// lineOf returns the cells of a collector in the page as text.
func lineOf(t *testing.T, page, collector string) []string {
	t.Helper()
	for line := range strings.Lines(page) {
		if cells := strings.Split(strings.TrimSpace(line), "  "); cells[0] == collector {
			return cells
		}
	}
	t.Fatalf("there is no collector %q in\n%s", collector, page)
	return nil
}

// readCoded reads a body that has a content coding, or none.
func readCoded(body io.Reader, coding string) ([]byte, error) {
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = z
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		body = z
	}
	return io.ReadAll(body)
}
