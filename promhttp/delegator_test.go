package promhttp_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// Writers with some of the interfaces that a server's writer may have. Each counts the calls that reach it
// through the instrumentation.
type (
	bareWriter struct {
		http.ResponseWriter
		reached *int
	}
	flusher    struct{ bareWriter }
	hijacker   struct{ bareWriter }
	readerFrom struct{ bareWriter }
	pusher     struct{ bareWriter }
	notifier   struct{ bareWriter }
)

func (w flusher) Flush() { *w.reached++ }
func (w hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	*w.reached++
	return nil, nil, nil
}

func (w readerFrom) ReadFrom(io.Reader) (int64, error) {
	*w.reached++
	return 0, nil
}

func (w pusher) Push(string, *http.PushOptions) error {
	*w.reached++
	return nil
}

func (w notifier) CloseNotify() <-chan bool {
	*w.reached++
	return nil
}

// closeNotifier is http.CloseNotifier, which is deprecated but still supported.
type closeNotifier interface{ CloseNotify() <-chan bool }

// useAll uses every interface that w implements and returns their names.
func useAll(w http.ResponseWriter) string {
	var has []string
	if w, ok := w.(http.Flusher); ok {
		has = append(has, "Flusher")
		w.Flush()
	}
	if w, ok := w.(http.Hijacker); ok {
		has = append(has, "Hijacker")
		_, _, _ = w.Hijack()
	}
	if w, ok := w.(io.ReaderFrom); ok {
		has = append(has, "ReaderFrom")
		_, _ = w.ReadFrom(nil)
	}
	if w, ok := w.(http.Pusher); ok {
		has = append(has, "Pusher")
		_ = w.Push("", nil)
	}
	if w, ok := w.(closeNotifier); ok {
		has = append(has, "CloseNotifier")
		w.CloseNotify()
	}
	return strings.Join(has, ", ")
}

func TestInterfacesOfWriter(t *testing.T) {
	counter := metric.NewCounterVec(counterOpts, []string{"code"})
	histogram := ourHistogram("h", []string{"code"})
	for name, inner := range map[string]func(w bareWriter) http.ResponseWriter{
		"":         func(w bareWriter) http.ResponseWriter { return w },
		"Flusher":  func(w bareWriter) http.ResponseWriter { return flusher{w} },
		"Hijacker": func(w bareWriter) http.ResponseWriter { return hijacker{w} },
		"Flusher, Hijacker, ReaderFrom": func(w bareWriter) http.ResponseWriter {
			return struct {
				bareWriter
				http.Flusher
				http.Hijacker
				io.ReaderFrom
			}{w, flusher{w}, hijacker{w}, readerFrom{w}}
		},
		"Flusher, Pusher, CloseNotifier": func(w bareWriter) http.ResponseWriter {
			return struct {
				bareWriter
				http.Flusher
				http.Pusher
				closeNotifier
			}{w, flusher{w}, pusher{w}, notifier{w}}
		},
		"Flusher, Hijacker, ReaderFrom, Pusher, CloseNotifier": func(w bareWriter) http.ResponseWriter {
			return struct {
				bareWriter
				http.Flusher
				http.Hijacker
				io.ReaderFrom
				http.Pusher
				closeNotifier
			}{w, flusher{w}, hijacker{w}, readerFrom{w}, pusher{w}, notifier{w}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			used := 0
			next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				used++
				if got := useAll(w); got != name {
					t.Errorf("the writer is %q", got)
				}
			})
			for _, h := range []http.Handler{
				promhttp.InstrumentHandlerCounter(counter, next),
				promhttp.InstrumentHandlerDuration(histogram, next),
				promhttp.InstrumentHandlerTimeToWriteHeader(histogram, next),
				promhttp.InstrumentHandlerRequestSize(histogram, next),
				promhttp.InstrumentHandlerResponseSize(histogram, next),
				promhttp.InstrumentMetricHandler(metric.NewRegistry(), next),
			} {
				reached := 0
				w := inner(bareWriter{httptest.NewRecorder(), &reached})
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
				if want := len(strings.Fields(name)); reached != want {
					t.Errorf("%d interfaces of the server's writer were reached, want %d", reached, want)
				}
			}
			if used != 6 {
				t.Errorf("the handler was called %d times", used)
			}
		})
	}
}

// TestRealServer checks that the optional methods of net/http's writers work through the instrumentation.
func TestRealServer(t *testing.T) {
	r := metric.NewRegistry()
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		controller := http.NewResponseController(w)
		if err := controller.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("SetWriteDeadline: %v", err)
		}
		if err := controller.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("SetReadDeadline: %v", err)
		}
		if r.URL.Path == "/hijack" {
			conn, _, err := controller.Hijack()
			if err != nil {
				t.Errorf("Hijack: %v", err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 299 Hijacked\r\nContent-Length: 0\r\n\r\n")
			_ = conn.Close()
			return
		}
		_, _ = io.WriteString(w, "first ")
		if err := controller.Flush(); err != nil {
			t.Errorf("Flush: %v", err)
		}
		if r.ProtoMajor == 2 {
			pusher, ok := w.(http.Pusher)
			if !ok {
				t.Fatal("the writer is no Pusher")
			}
			if err := pusher.Push("/", nil); !errors.Is(err, http.ErrNotSupported) { // Go's client does not accept pushes.
				t.Errorf("Push: %v", err)
			}
		}
		_, _ = io.Copy(w, io.LimitReader(strings.NewReader("second part"), 6))
	})
	h := instruments["response size"].ours(r, []string{"code"},
		instruments["counter"].ours(r, []string{"code"}, next))
	var served sync.WaitGroup // The server does not wait for hijacked connections.
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer served.Done()
		h.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	http2 := server.Client()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	http1 := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: roots, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
	}}}
	for _, tc := range []struct {
		client *http.Client
		path   string
		code   int
		body   string
	}{
		{http1, "/", http.StatusOK, "first second"},
		{http2, "/", http.StatusOK, "first second"},
		{http1, "/hijack", 299, ""},
	} {
		served.Add(1)
		resp, err := tc.client.Get(server.URL + tc.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != tc.code || string(body) != tc.body {
			t.Errorf("got status %d, body %q and error %v", resp.StatusCode, body, err)
		}
		resp.Body.Close()
	}
	http1.CloseIdleConnections()
	http2.CloseIdleConnections()
	served.Wait()
	for _, f := range gathered(t, r) {
		m := f.GetMetric()[0]
		if f.GetName() == "response_bytes" && (m.GetSummary().GetSampleCount() != 3 || m.GetSummary().GetSampleSum() != 24) {
			t.Errorf("got sizes %v", m)
		}
		if f.GetName() == "requests_total" && m.GetCounter().GetValue() != 3 {
			t.Errorf("got requests %v", m)
		}
	}
}

func TestInstrumentMetricHandler(t *testing.T) {
	play := func(r metric.Registerer, instrument func(metric.Registerer, http.Handler) http.Handler) {
		for range 2 { // The second one shares the metrics of the first.
			h := instrument(r, http.HandlerFunc(scripted))
			request(h, "/")
			request(h, "/missing")
			recovered(func() { request(h, "/panic") })
		}
	}
	ours, theirs, mixed := metric.NewRegistry(), prometheus.NewRegistry(), prometheus.NewRegistry()
	play(ours, promhttp.InstrumentMetricHandler)
	play(theirs, clienthttp.InstrumentMetricHandler)
	play(mixed, promhttp.InstrumentMetricHandler)
	sameGathered(t, ours, theirs)
	sameGathered(t, mixed, theirs)

	taken := metric.NewRegistry()
	taken.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "promhttp_metric_handler_requests_total", Help: "Another."}))
	if recovered(func() { promhttp.InstrumentMetricHandler(taken, http.NotFoundHandler()) }) == nil {
		t.Error("a taken name is not reported")
	}
}
