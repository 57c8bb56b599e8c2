package remote_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// serve starts a server for h.
func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// serveText starts a server for a page in the text format.
func serveText(t testing.TB, text string) *httptest.Server {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeText(w, text) }))
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_, _ = io.WriteString(w, text)
}

// serveRaw starts a server that lets answer write the response to each request to the connection.
func serveRaw(t testing.TB, answer func(conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		serving sync.WaitGroup
		mu      sync.Mutex
		conns   []net.Conn
	)
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			serving.Go(func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					answer(conn)
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return "http://" + listener.Addr().String()
}

func newTarget(t testing.TB, url string, opts remote.Opts) *remote.Target {
	t.Helper()
	target, err := remote.New(url, opts)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// within returns a context with a deadline that a successful test stays well below.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// textOf returns the metrics of a gatherer in the text format.
func textOf(t testing.TB, g metric.Gatherer) string {
	t.Helper()
	return get(t, metric.HandlerFor(g), nil)
}

// get returns the body of a handler's response and ends the test if the status is not 200.
func get(t testing.TB, h http.Handler, header http.Header) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	for name, values := range header {
		r.Header[name] = values
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// wantLines checks that text contains lines.
func wantLines(t testing.TB, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, text)
		}
	}
}

// wantError checks that err contains all texts and is not too long.
func wantError(t testing.TB, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error: want one about %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not mention %q: %v", text, err)
		}
	}
	if len(err.Error()) > 3000 {
		t.Errorf("the error has %d bytes: %.200s…", len(err.Error()), err)
	}
}

// gauges returns a page with the given number of series.
func gauges(series int) string {
	var b strings.Builder
	b.WriteString("# HELP stock Articles.\n# TYPE stock gauge\n")
	for i := range series {
		fmt.Fprintf(&b, "stock{article=\"a%06d\",shelf=\"north\"} %d\n", i, i)
	}
	return b.String()
}

// serveProtobuf returns a transport that responds with the metrics of g in the protobuf format.
func serveProtobuf(g metric.Gatherer) http.RoundTripper {
	h := metric.HandlerFor(g, metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError})
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Result(), nil
	})
}

// newNowhereWith returns a target whose requests go to transport.
func newNowhereWith(transport http.RoundTripper) *remote.Target {
	target, err := remote.New("http://nowhere", remote.Opts{Client: &http.Client{Transport: transport}})
	if err != nil {
		panic(err)
	}
	return target
}
