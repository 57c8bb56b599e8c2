package promhttp_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// exchange is a request to a server and the counts that it should cause.
type exchange struct {
	name    string
	handler http.HandlerFunc                // for "/items/{id}"
	around  func(http.Handler) http.Handler // middleware between the instrumentation and the mux
	outside func(http.Handler) http.Handler
	route   func(*http.ServeMux) func(*http.Request) string // returns ServerOpts.Route

	method, path, body string
	header             http.Header
	send               func(t *testing.T, c *http.Client, r *http.Request, s *signals) // sends the request; nil for an ordinary one
	http1              bool                                                            // whether HTTP/2 lacks the feature

	code, matched, failure string // values of the OpenTelemetry labels
	classic                string // code label of the classic names, if it differs from code
	read, written          float64
}

const itemRoute = "/items/{id}"

var exchanges = []exchange{
	{
		name: "a response", handler: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") },
		code: "200", matched: itemRoute, written: 5,
	},
	{name: "nothing written", handler: func(http.ResponseWriter, *http.Request) {}, code: "200", matched: itemRoute},
	{name: "unmatched", path: "/wp-admin/1", code: "404", written: 19},
	{name: "method not allowed", path: "/only-get", method: "DELETE", code: "405", written: 19},
	{name: "host in the pattern", path: "/by-host", code: "204", matched: "/by-host"},
	{
		name: "server error", handler: status(http.StatusServiceUnavailable),
		code: "503", matched: itemRoute, failure: "503",
	},
	{name: "status above 599", handler: status(799), code: "_OTHER", classic: "unknown", matched: itemRoute},
	{name: "not modified", handler: status(http.StatusNotModified), code: "304", matched: itemRoute},
	{
		name: "early hints", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(http.StatusCreated)
		}, code: "201", matched: itemRoute,
	},
	{
		name: "HEAD", method: http.MethodHead, handler: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") },
		code: "200", matched: itemRoute,
	},
	{
		name: "unknown method", method: "BREW", handler: status(http.StatusTeapot),
		code: "418", matched: itemRoute,
	},
	{
		name: "body", method: http.MethodPost, body: "0123456789", handler: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(w, r.Body)
		}, code: "200", matched: itemRoute, read: 10, written: 10,
	},
	{
		name: "body partly read", method: http.MethodPost, body: "0123456789", handler: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadFull(r.Body, make([]byte, 4))
		}, code: "200", matched: itemRoute, read: 4,
	},
	{
		name: "continue", method: http.MethodPost, body: "0123456789", header: http.Header{"Expect": {"100-continue"}},
		handler: func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		send:    expectContinue(true), code: "200", matched: itemRoute, read: 10,
	},
	{
		name: "not continued", method: http.MethodPost, body: "0123456789", header: http.Header{"Expect": {"100-continue"}},
		handler: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			fmt.Fprint(w, strings.Repeat("too large ", 1000))
		},
		send: expectContinue(false), code: "413", matched: itemRoute, written: 10_000, http1: true,
	},
	{
		name: "flush", handler: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "first")
			w.(http.Flusher).Flush()
			<-signalsOf(r).gate
			fmt.Fprint(w, "second")
		}, send: func(t *testing.T, c *http.Client, r *http.Request, s *signals) {
			resp := do(t, c, r)
			defer resp.Body.Close()
			first := make([]byte, 5)
			if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
				t.Errorf("got %q and %v", first, err)
			}
			close(s.gate)
			if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "second" {
				t.Errorf("got %q and %v", rest, err)
			}
		}, code: "200", matched: itemRoute, written: 11,
	},
	{
		name: "response controller", handler: func(w http.ResponseWriter, _ *http.Request) {
			c := http.NewResponseController(w)
			if err := errors.Join(c.SetWriteDeadline(time.Now().Add(time.Minute)), c.Flush()); err != nil {
				panic(err)
			}
		}, code: "200", matched: itemRoute,
	},
	{
		name: "reader from", http1: true, handler: func(w http.ResponseWriter, _ *http.Request) {
			f, err := os.Open(filepath.Join("..", "LICENSE"))
			if err != nil {
				panic(err)
			}
			defer f.Close()
			_, _ = w.(io.ReaderFrom).ReadFrom(io.LimitReader(f, 1000))
		}, code: "200", matched: itemRoute, written: 1000,
	},
	{
		name: "panic", handler: func(http.ResponseWriter, *http.Request) { panic("bad luck") }, send: fails,
		code: "", classic: "500", matched: itemRoute, failure: "panic",
	},
	{
		name: "panic after the header", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			panic("bad luck")
		}, send: fails, code: "200", classic: "500", matched: itemRoute, failure: "panic",
	},
	{
		name: "recovered further out", handler: func(http.ResponseWriter, *http.Request) { panic("bad luck") }, outside: recovers,
		code: "", classic: "500", matched: itemRoute, failure: "panic",
	},
	{
		name: "abort", handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, send: fails,
		code: "", classic: "aborted", matched: itemRoute, failure: "aborted",
	},
	{
		name: "client gone", handler: func(w http.ResponseWriter, r *http.Request) {
			close(signalsOf(r).reached)
			<-r.Context().Done()
			http.Error(w, r.Context().Err().Error(), http.StatusInternalServerError)
		}, send: leaves, code: "", classic: "499", matched: itemRoute, failure: "client_gone", written: 17,
	},
	{
		name: "client gone, nothing written", handler: func(_ http.ResponseWriter, r *http.Request) {
			close(signalsOf(r).reached)
			<-r.Context().Done()
		}, send: leaves, code: "", classic: "499", matched: itemRoute, failure: "client_gone",
	},
	{
		name: "client gone after the header", handler: func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			close(signalsOf(r).reached)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}, send: leaves, code: "200", matched: itemRoute, failure: "client_gone",
	},
	{
		name: "client that leaves with the whole response", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			fmt.Fprint(w, "hello")
			w.(http.Flusher).Flush()
			close(signalsOf(r).reached)
			<-r.Context().Done()
		}, send: leaves, http1: true, code: "200", matched: itemRoute, written: 5,
	},
	{
		name: "timeout inside", handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		around: func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Millisecond, "late") },
		code:   "503", failure: "503", written: 4,
	},
	{
		name: "timeout inside, route of the mux", handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		around: func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Millisecond, "late") },
		route:  promhttp.MuxRoute, code: "503", matched: itemRoute, failure: "503", written: 4,
	},
	{
		name: "timeout outside", handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		outside: func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Millisecond, "late") },
		code:    "503", matched: itemRoute, failure: "timeout",
	},
	{
		name: "timeout outside, seen by a write", handler: func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(nil); err != nil {
					return
				}
			}
		},
		outside: func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Millisecond, "late") },
		code:    "503", matched: itemRoute, failure: "timeout",
	},
	{
		name: "copied request", handler: status(http.StatusAccepted), around: copies,
		code: "202",
	},
	{
		name: "copied request, route of the mux", handler: status(http.StatusAccepted), around: copies, route: promhttp.MuxRoute,
		code: "202", matched: itemRoute,
	},
	{
		name: "copied request, route that is set", around: copies, handler: func(w http.ResponseWriter, _ *http.Request) {
			if !promhttp.SetRoute(w, "/set") {
				panic("not found")
			}
			w.WriteHeader(http.StatusAccepted)
		}, code: "202", matched: "/set",
	},
	{
		name: "hijack", http1: true, header: http.Header{"Connection": {"upgrade"}, "Upgrade": {"echo"}},
		handler: func(w http.ResponseWriter, _ *http.Request) {
			conn, buffered, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			_ = buffered.Flush()
			line, _ := buffered.ReadString('\n')
			fmt.Fprint(buffered, line)
			_ = buffered.Flush()
		}, send: echoes, code: "101", matched: itemRoute,
	},
	{
		name: "hijack after the header", http1: true, header: http.Header{"Connection": {"upgrade"}, "Upgrade": {"echo"}},
		handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "upgrade")
			w.Header().Set("Upgrade", "echo")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			line, _ := buffered.ReadString('\n')
			fmt.Fprint(buffered, line)
			_ = buffered.Flush()
		}, send: echoes, code: "101", matched: itemRoute,
	},
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// signals synchronize the two sides of an exchange.
type signals struct{ reached, gate chan struct{} }

type signalsKey struct{}

func signalsOf(r *http.Request) *signals { return r.Context().Value(signalsKey{}).(*signals) }

// leaves cancels the request once the handler is running.
func leaves(t *testing.T, c *http.Client, r *http.Request, s *signals) {
	ctx, leave := context.WithCancel(r.Context())
	defer leave()
	go func() {
		<-s.reached
		leave()
	}()
	resp, err := c.Do(r.WithContext(ctx))
	if err == nil {
		<-s.reached
		leave()
		resp.Body.Close()
	}
	c.CloseIdleConnections()
}

// recovers is middleware that responds if a handler panics.
func recovers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// copies is middleware that adds a value to the context and thereby copies the request.
func copies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(unwrapping{w}, r.WithContext(context.WithValue(r.Context(), signalsKey{}, signalsOf(r))))
	})
}

// unwrapping is a writer of middleware, with an Unwrap method.
type unwrapping struct{ http.ResponseWriter }

func (w unwrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func do(t *testing.T, c *http.Client, r *http.Request) *http.Response {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// fails expects an error, or a response that breaks off.
func fails(t *testing.T, c *http.Client, r *http.Request, _ *signals) {
	resp, err := c.Do(r)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("got a whole response")
	}
}

func expectContinue(want bool) func(*testing.T, *http.Client, *http.Request, *signals) {
	return func(t *testing.T, c *http.Client, r *http.Request, _ *signals) {
		var continued atomic.Bool
		trace := &httptrace.ClientTrace{Got100Continue: func() { continued.Store(true) }}
		resp := do(t, c, r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if continued.Load() != want {
			t.Errorf("100 Continue: got %v, want %v", continued.Load(), want)
		}
	}
}

// echoes exchanges data over an upgraded connection.
func echoes(t *testing.T, c *http.Client, r *http.Request, _ *signals) {
	resp := do(t, c, r)
	defer resp.Body.Close()
	conn := resp.Body.(io.ReadWriter)
	fmt.Fprintln(conn, "hello")
	if line, err := bufio.NewReader(conn).ReadString('\n'); resp.StatusCode != 101 || line != "hello\n" {
		t.Errorf("got %d, %q and %v", resp.StatusCode, line, err)
	}
}

// newServer starts a server for a protocol. It discards the server's logs.
func newServer(t *testing.T, protocol string, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = protocol == "HTTP/2"
	if server.EnableHTTP2 {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	server.Client().Transport.(*http.Transport).ExpectContinueTimeout = time.Minute
	return server
}

// serve returns the handler of the exchange, wrapped by two nested instrumentations.
func (e exchange) serve(t *testing.T, reg metric.Registerer, s *signals) http.Handler {
	mux := http.NewServeMux()
	if e.handler != nil {
		mux.HandleFunc(itemRoute, e.handler)
	}
	mux.HandleFunc("GET /only-get", status(http.StatusOK))
	mux.HandleFunc("GET 127.0.0.1/by-host", status(http.StatusNoContent))
	var (
		h    http.Handler = mux
		opts promhttp.ServerOpts
	)
	if e.around != nil {
		h = e.around(h)
	}
	if e.route != nil {
		opts.Route = e.route(mux)
	}
	for _, opts.Names = range []promhttp.Names{promhttp.OpenTelemetryNames, promhttp.ClassicNames} {
		h = newServerMetrics(t, reg, opts).Handler(h)
	}
	if e.outside != nil {
		h = e.outside(h)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), signalsKey{}, s)))
	})
}

// onlySeries returns the labels of the only series of a family, joined, and that series.
func onlySeries(t *testing.T, reg metric.Gatherer, name string) (string, *dto.Metric) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		if len(f.GetMetric()) != 1 {
			t.Fatalf("%s has %d series:\n%v", name, len(f.GetMetric()), f)
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			if l.GetValue() != "" {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
		}
		return strings.Join(labels, " "), f.GetMetric()[0]
	}
	return "", nil
}

// eventually waits until done returns true. That may happen only after the handler has returned.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s: not within ten seconds", what)
}

// labels returns labels in the form that onlySeries returns, sorted by name.
func labels(pairs ...string) string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, pairs[i]+"="+pairs[i+1])
		}
	}
	return strings.Join(list, " ")
}

func TestServer(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
		for _, e := range exchanges {
			if e.http1 && protocol != "HTTP/1.1" {
				continue
			}
			t.Run(protocol+"/"+e.name, func(t *testing.T) {
				t.Parallel()
				testExchange(t, protocol, e)
			})
		}
	}
}

func testExchange(t *testing.T, protocol string, e exchange) {
	reg, s := metric.NewRegistry(), &signals{make(chan struct{}), make(chan struct{})}
	server := newServer(t, protocol, e.serve(t, reg, s))
	var body io.Reader
	if e.body != "" {
		body = strings.NewReader(e.body)
	}
	r, err := http.NewRequestWithContext(t.Context(), cmp.Or(e.method, http.MethodGet), server.URL+cmp.Or(e.path, "/items/42"), body)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, e.header)
	if e.send != nil {
		e.send(t, server.Client(), r, s)
	} else {
		resp := do(t, server.Client(), r)
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	eventually(t, "the request is counted", func() bool {
		// A series exists shortly before its first observation.
		for _, name := range []string{
			"http_server_request_duration_seconds", "http_server_request_body_size_bytes", "http_server_response_body_size_bytes",
			"http_request_duration_seconds", "http_request_size_bytes", "http_response_size_bytes",
		} {
			if _, m := onlySeries(t, reg, name); m.GetHistogram().GetSampleCount() == 0 {
				return false
			}
		}
		return true
	})
	e.checkOTel(t, reg, protocol)
	e.checkClassic(t, reg)
}

// checkOTel checks the metrics with OpenTelemetry's names.
func (e exchange) checkOTel(t *testing.T, reg metric.Gatherer, protocol string) {
	scheme, version := "http", "1.1"
	if protocol == "HTTP/2" {
		scheme, version = "https", "2"
	}
	method := cmp.Or(e.method, http.MethodGet)
	if method == "BREW" {
		method = "_OTHER"
	}
	want := labels("error_type", e.failure, "http_request_method", method, "http_response_status_code", e.code,
		"http_route", e.matched, "network_protocol_version", version, "url_scheme", scheme)
	e.check(t, reg, want, "http_server_request_duration_seconds", "http_server_request_body_size_bytes", "http_server_response_body_size_bytes")
	got, active := onlySeries(t, reg, "http_server_active_requests")
	if want := labels("http_request_method", method, "url_scheme", scheme); got != want || active.GetGauge().GetValue() != 0 {
		t.Errorf("in flight: got %v of %s, want 0 of %s", active.GetGauge().GetValue(), got, want)
	}
}

// checkClassic checks the metrics with classic names.
func (e exchange) checkClassic(t *testing.T, reg metric.Gatherer) {
	method := strings.ToLower(cmp.Or(e.method, http.MethodGet))
	if method == "brew" {
		method = "unknown"
	}
	want := labels("code", cmp.Or(e.classic, e.code), "method", method, "route", cmp.Or(e.matched, "unmatched"))
	e.check(t, reg, want, "http_request_duration_seconds", "http_request_size_bytes", "http_response_size_bytes")
	if got, m := onlySeries(t, reg, "http_requests_total"); got != want || m.GetCounter().GetValue() != 1 {
		t.Errorf("http_requests_total: got %v of %s, want 1 of %s", m.GetCounter().GetValue(), got, want)
	}
	if _, active := onlySeries(t, reg, "http_requests_in_flight"); active.GetGauge().GetValue() != 0 {
		t.Errorf("in flight: got %v, want 0", active.GetGauge().GetValue())
	}
}

// check checks that each of the histograms has one observation, with these labels.
func (e exchange) check(t *testing.T, reg metric.Gatherer, want, durations, requestSizes, responseSizes string) {
	for name, sum := range map[string]float64{durations: -1, requestSizes: e.read, responseSizes: e.written} {
		got, m := onlySeries(t, reg, name)
		if got != want || m.GetHistogram().GetSampleCount() != 1 {
			t.Errorf("%s:\ngot  %d of %s\nwant 1 of %s", name, m.GetHistogram().GetSampleCount(), got, want)
		}
		if sum >= 0 && m.GetHistogram().GetSampleSum() != sum {
			t.Errorf("%s: got %v bytes, want %v", name, m.GetHistogram().GetSampleSum(), sum)
		}
	}
}

func newServerMetrics(t *testing.T, reg metric.Registerer, opts promhttp.ServerOpts) *promhttp.ServerMetrics {
	t.Helper()
	m, err := promhttp.NewServerMetrics(reg, opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
