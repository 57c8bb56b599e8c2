package metric_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

// TestAnswersThatFailMidway checks that no client takes an answer that fails midway for a complete
// one, in any format, compression and protocol, even if middleware recovers panics.
func TestAnswersThatFailMidway(t *testing.T) {
	reg := manySeries(1000)
	opts := metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true}
	handlers := map[string]http.Handler{}
	opts.AcceptedFormats = append(expfmt.DefaultOpenMetricsAcceptedFormats(), expfmt.FmtOpenMetrics_2_0_0, expfmt.FmtProtoText, expfmt.FmtProtoCompact)
	handlers["continue"] = metric.HandlerForContext(reg, opts)
	opts.ErrorHandling = metric.HTTPErrorOnError
	handlers["HTTP error"] = metric.HandlerForContext(reg, opts)
	for name, h := range handlers {
		for _, panics := range []bool{false, true} {
			recovered := make(chan any, 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() { recovered <- recover() }()
				h.ServeHTTP(unwrappingWriter{&failingWriter{w, 1000, panics}}, r)
			}))
			server.EnableHTTP2 = true
			server.StartTLS()
			t.Cleanup(server.Close)
			for _, protocol := range []string{"HTTP/1.0", "HTTP/1.1", "HTTP/2"} {
				for _, accept := range []string{
					"text/plain", "application/openmetrics-text;version=1.0.0", "application/openmetrics-text;version=2.0.0",
					string(expfmt.FmtProtoDelim), string(expfmt.FmtProtoText), string(expfmt.FmtProtoCompact),
				} {
					for _, encoding := range []string{"identity", "gzip", "zstd"} {
						if accept != "text/plain" && (panics || name != "continue" || encoding == "zstd") {
							continue // The other combinations are enough.
						}
						t.Run(fmt.Sprintf("%s/panics %t/%s/%.50s/%s", name, panics, protocol, accept, encoding), func(t *testing.T) {
							n, err := readFrom(t, server, protocol, accept, encoding)
							if err == nil {
								t.Errorf("got %d bytes that look like a whole answer", n)
							}
							if p := <-recovered; p != nil {
								t.Errorf("middleware has recovered %v", p)
							}
						})
					}
				}
			}
		}
	}
}

// readFrom returns the number of bytes of an answer that a client could read, and the client's
// error. The client does not parse the body.
func readFrom(t *testing.T, server *httptest.Server, protocol, accept, encoding string) (int64, error) {
	t.Helper()
	if protocol == "HTTP/2" {
		r, err := http.NewRequest(http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		r.Header.Set("Accept-Encoding", encoding)
		resp, err := server.Client().Do(r)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		return io.Copy(io.Discard, resp.Body)
	}
	raw, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // The certificate is the test's.
	defer c.Close()
	fmt.Fprintf(c, "GET / %s\r\nHost: a\r\nAccept: %s\r\nAccept-Encoding: %s\r\n\r\n", protocol, accept, encoding)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, errors.New(resp.Status)
	}
	return io.Copy(io.Discard, resp.Body)
}

// TestAnswersThatFailMidwayWithoutDeadlines checks that an answer through a writer without deadlines
// is broken off by http.ErrAbortHandler, the only way that is left.
func TestAnswersThatFailMidwayWithoutDeadlines(t *testing.T) {
	h := metric.HandlerFor(manySeries(3000))
	got := recovered(func() {
		w := &failingWriter{ResponseWriter: httptest.NewRecorder(), left: 1000}
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	})
	if got != any(http.ErrAbortHandler) {
		t.Errorf("recovered %v", got)
	}
}

// TestFailureMidwayIsCounted checks that a failure in the middle of an answer is counted and logged
// once.
func TestFailureMidwayIsCounted(t *testing.T) {
	counts := metric.NewContextRegistry()
	var logged []error
	h := metric.HandlerFor(manySeries(3000), metric.HandlerOpts{
		ErrorHandling: metric.ContinueOnError, Registry: counts, ErrorLog: func(err error) { logged = append(logged, err) },
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(unwrappingWriter{&failingWriter{ResponseWriter: w, left: 1000}}, r)
	}))
	get(t.Context(), t, server.URL)
	server.Close()
	if len(logged) != 1 || !errors.Is(logged[0], errFull) {
		t.Errorf("logged %v", logged)
	}
	if text := request(metric.HandlerFor(counts)).Body.String(); !strings.Contains(text, `{cause="encoding"} 1`) {
		t.Errorf("counted\n%s", text)
	}
}

// TestServerShutsDownBehindMiddleware cancels the context of a request whose client still reads, and
// checks that the answer is broken off without a panic.
func TestServerShutsDownBehindMiddleware(t *testing.T) {
	base, shutDown := context.WithCancel(context.Background())
	defer shutDown()
	metrics := metric.HandlerFor(manySeries(3000))
	recovered := make(chan any, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { recovered <- recover() }()
		metrics.ServeHTTP(shuttingDownWriter{hangingUpWriter{w, shutDown}}, r)
	}))
	server.Config.BaseContext = func(net.Listener) context.Context { return base }
	server.Start()
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err == nil {
		defer resp.Body.Close()
		var n int64
		if n, err = io.Copy(io.Discard, resp.Body); err == nil {
			t.Errorf("got %d bytes that look like a whole answer", n)
		}
	}
	if p := <-recovered; p != nil {
		t.Errorf("middleware has recovered %v", p)
	}
}

type shuttingDownWriter struct{ hangingUpWriter }

func (w shuttingDownWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
