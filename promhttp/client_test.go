package promhttp_test

import (
	"bytes"
	"cmp"
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
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

func newClientMetrics(t *testing.T, reg metric.Registerer, opts promhttp.ClientOpts) *promhttp.ClientMetrics {
	t.Helper()
	m, err := promhttp.NewClientMetrics(reg, opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestClient checks the metrics of requests to real servers.
func TestClient(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	mux.HandleFunc("/missing", http.NotFound)
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/aborts", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/breaks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "hello")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
		for _, tc := range []struct {
			name, method, path, body, route string
			timeout                         time.Duration

			code, failure  string
			sent, received float64
		}{
			{name: "response", path: "/echo", code: "200"},
			{name: "bodies", method: http.MethodPost, path: "/echo", body: "hello", route: "/{what}", code: "200", sent: 5, received: 5},
			{name: "HEAD", method: http.MethodHead, path: "/echo", code: "200"},
			{name: "not found", path: "/missing", code: "404", failure: "404", received: 19},
			{name: "timeout", path: "/hangs", timeout: 50 * time.Millisecond, failure: "timeout"},
			{name: "canceled", path: "/hangs", timeout: -1, failure: "canceled"},
			{name: "connection lost", method: http.MethodPost, path: "/aborts", failure: "connection"},
		} {
			t.Run(protocol+"/"+tc.name, func(t *testing.T) {
				server := newServer(t, protocol, mux)
				reg := metric.NewRegistry()
				client := server.Client()
				client.Transport = newClientMetrics(t, reg, promhttp.ClientOpts{}).RoundTripper(client.Transport)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				switch {
				case tc.timeout > 0:
					client.Timeout = tc.timeout
				case tc.timeout < 0:
					cancel()
				}
				if tc.route != "" {
					ctx = promhttp.WithRoute(ctx, tc.route)
				}
				var body io.Reader
				if tc.body != "" {
					body = strings.NewReader(tc.body)
				}
				r, err := http.NewRequestWithContext(ctx, tc.method, server.URL+tc.path, body)
				if err != nil {
					t.Fatal(err)
				}
				given := r.Body
				resp, err := client.Do(r)
				if (err != nil) != (tc.code == "") {
					t.Fatal(err)
				}
				if r.Body != given {
					t.Error("the request was changed")
				}
				version := ""
				if err == nil {
					version = strings.TrimPrefix(strings.TrimSuffix(resp.Proto, ".0"), "HTTP/")
					if resp.Request != r {
						t.Error("the response belongs to another request")
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				host, port, _ := net.SplitHostPort(r.URL.Host)
				method := cmp.Or(tc.method, http.MethodGet)
				want := labels("error_type", tc.failure, "http_request_method", method, "http_response_status_code", tc.code,
					"network_protocol_version", version, "server_address", host, "server_port", port, "url_template", tc.route)
				exchange{read: tc.sent, written: tc.received}.check(t, reg, want,
					"http_client_request_duration_seconds", "http_client_request_body_size_bytes", "http_client_response_body_size_bytes")
				got, active := onlySeries(t, reg, "http_client_active_requests")
				if want := labels("http_request_method", method, "server_address", host, "server_port", port); got != want || active.GetGauge().GetValue() != 0 {
					t.Errorf("in flight: got %v of %s, want 0 of %s", active.GetGauge().GetValue(), got, want)
				}
			})
		}
		t.Run(protocol+"/body that breaks off", func(t *testing.T) {
			server := newServer(t, protocol, mux)
			reg := metric.NewRegistry()
			client := server.Client()
			client.Transport = newClientMetrics(t, reg, promhttp.ClientOpts{Names: promhttp.ClassicNames}).RoundTripper(client.Transport)
			resp, err := client.Get(server.URL + "/breaks")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, active := onlySeries(t, reg, "http_client_requests_in_flight"); active.GetGauge().GetValue() != 1 {
				t.Errorf("in flight: got %v, want 1 before the body has ended", active.GetGauge().GetValue())
			}
			if text, err := io.ReadAll(resp.Body); err == nil || string(text) != "hello" {
				t.Errorf("got %q and %v", text, err)
			}
			if values := valuesOf(t, reg, "http_client_response_size_bytes", "error"); !values["connection"] {
				t.Errorf("got errors %v, want connection", values)
			}
			if _, active := onlySeries(t, reg, "http_client_requests_in_flight"); active.GetGauge().GetValue() != 0 {
				t.Errorf("in flight: got %v", active.GetGauge().GetValue())
			}
		})
		t.Run(protocol+"/redirect", func(t *testing.T) {
			server := newServer(t, protocol, mux)
			reg := metric.NewRegistry()
			client := server.Client()
			client.Transport = newClientMetrics(t, reg, promhttp.ClientOpts{}).RoundTripper(client.Transport)
			resp, err := client.Post(server.URL+"/redirect", "text/plain", bytes.NewReader([]byte("hello")))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if n := countOf(t, reg, "http_client_request_duration_seconds"); err != nil || string(text) != "hello" || n != 2 {
				t.Errorf("got %q and %v after %d requests, want hello after 2", text, err, n)
			}
		})
	}
}

// TestClientErrors checks the label value of each class of errors.
func TestClientErrors(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	untrusted := newServer(t, "HTTP/2", http.NotFoundHandler())
	plain := newServer(t, "HTTP/1.1", http.NotFoundHandler())
	failing := func(err error) http.RoundTripper {
		return promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for _, tc := range []struct {
		name, url string
		next      http.RoundTripper
		want      string
	}{
		{"connect", "http://" + closed.Addr().String(), transport, "connect"},
		{"certificate", untrusted.URL, transport, "tls"},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1), transport, "tls"},
		{"dns", "http://example.com", failing(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), "dns"},
		{"timeout", "http://example.com", failing(&net.DNSError{IsTimeout: true}), "timeout"},
		{"wrapped", "http://example.com", failing(fmt.Errorf("proxy: %w", context.DeadlineExceeded)), "timeout"},
		{"reset", "http://example.com", failing(&net.OpError{Op: "read", Err: errors.New("reset")}), "connection"},
		{"other", "http://example.com", failing(errors.New("https://user:secret@example.com/")), "_OTHER"},
		{"nothing", "http://example.com", failing(nil), "_OTHER"},
	} {
		reg := metric.NewRegistry()
		client := promhttp.InstrumentClient(reg, tc.next)
		if resp, err := client.RoundTrip(httptest.NewRequest(http.MethodGet, tc.url, http.NoBody)); err == nil && resp != nil {
			t.Errorf("%s: no error", tc.name)
			resp.Body.Close()
		}
		if values := valuesOf(t, reg, "http_client_request_duration_seconds", "error_type"); len(values) != 1 || !values[tc.want] {
			t.Errorf("%s: got %v, want %s", tc.name, values, tc.want)
		}
		if n := countOf(t, reg, "http_client_response_body_size_bytes"); n != 1 {
			t.Errorf("%s: %d sizes, want 1", tc.name, n)
		}
	}
	reg := metric.NewRegistry()
	panics := promhttp.InstrumentClient(reg, promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { panic("bad luck") }))
	if p := recovered(func() { _, _ = panics.RoundTrip(httptest.NewRequest(http.MethodGet, "/", http.NoBody)) }); p != "bad luck" { //nolint:bodyclose // The response has no body.
		t.Errorf("got panic %v", p)
	}
	if _, active := onlySeries(t, reg, "http_client_active_requests"); active.GetGauge().GetValue() != 0 {
		t.Error("a request that panicked is still in flight")
	}
	if _, err := promhttp.NewClientMetrics(nil, promhttp.ClientOpts{}); err == nil {
		t.Error("no error without a registerer")
	}
	if recovered(func() { promhttp.InstrumentClient(nil, nil) }) == nil {
		t.Error("InstrumentClient does not panic without a registerer")
	}
}

// TestClientTargets checks that the numbers of hosts and routes are bounded, and how hosts become labels.
func TestClientTargets(t *testing.T) {
	answer := promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil })
	send := func(rt http.RoundTripper, url, route string) {
		r := httptest.NewRequest(http.MethodGet, url, http.NoBody)
		r = r.WithContext(promhttp.WithRoute(r.Context(), route))
		if _, err := rt.RoundTrip(r); err != nil { //nolint:bodyclose // The response has no body.
			t.Error(err)
		}
	}
	for url, want := range map[string]string{
		"http://example.com":     "server_address=example.com server_port=80",
		"https://example.com":    "server_address=example.com server_port=443",
		"https://[::1]":          "server_address=::1 server_port=443",
		"http://[::1]:8080/path": "server_address=::1 server_port=8080",
	} {
		reg := metric.NewRegistry()
		send(promhttp.InstrumentClient(reg, answer), url, "")
		if got, _ := onlySeries(t, reg, "http_client_request_duration_seconds"); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
	reg := metric.NewRegistry()
	limited := newClientMetrics(t, reg, promhttp.ClientOpts{MaxTargets: 4}).RoundTripper(answer)
	for i := range 100 {
		send(limited, fmt.Sprintf("http://%d.example.com", i%10), fmt.Sprint("/", i))
	}
	for _, label := range []string{"server_address", "url_template"} {
		if values := valuesOf(t, reg, "http_client_request_duration_seconds", label); len(values) != 5 || !values["_OTHER"] {
			t.Errorf("%s: got %v, want four and _OTHER", label, values)
		}
	}
	reg = metric.NewRegistry()
	without := newClientMetrics(t, reg, promhttp.ClientOpts{Host: func(*http.Request) string { return "" }}).RoundTripper(answer)
	send(without, "http://example.com", "")
	if got, _ := onlySeries(t, reg, "http_client_request_duration_seconds"); strings.Contains(got, "server") {
		t.Errorf("got %s, want no server", got)
	}
}

// TestClientSwitchingProtocols checks that a connection can be used after an upgrade, and that its request is
// in flight until the connection is closed.
func TestClientSwitchingProtocols(t *testing.T) {
	var upgrade exchange
	for _, e := range exchanges {
		if e.name == "hijack" {
			upgrade = e
		}
	}
	server := newServer(t, "HTTP/1.1", upgrade.handler)
	reg := metric.NewRegistry()
	client := server.Client()
	client.Transport = promhttp.InstrumentClient(reg, client.Transport)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = upgrade.header
	upgrade.send(t, client, r, nil)
	if got, m := onlySeries(t, reg, "http_client_response_body_size_bytes"); !strings.Contains(got, "status_code=101") || m.GetHistogram().GetSampleSum() != 6 {
		t.Errorf("got %v of %s, want 6 bytes of status 101", m.GetHistogram().GetSampleSum(), got)
	}
}

// TestClientRetry checks that a body is counted once if the transport sends it again.
func TestClientRetry(t *testing.T) {
	reg := metric.NewRegistry()
	rt := promhttp.InstrumentClient(reg, promhttp.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		_, _ = io.CopyN(io.Discard, r.Body, 3)
		again, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, again)
		return &http.Response{StatusCode: 200, Body: http.NoBody}, errors.Join(r.Body.Close(), again.Close())
	}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://example.com", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.RoundTrip(r); err != nil { //nolint:bodyclose // The response has no body.
		t.Fatal(err)
	}
	if _, m := onlySeries(t, reg, "http_client_request_body_size_bytes"); m.GetHistogram().GetSampleSum() != 5 {
		t.Errorf("got %v bytes, want 5", m.GetHistogram().GetSampleSum())
	}
}

// idleCloser is a RoundTripper with idle connections.
type idleCloser struct {
	http.RoundTripper

	closed atomic.Bool
}

func (c *idleCloser) CloseIdleConnections() { c.closed.Store(true) }

func TestClientCloseIdleConnections(t *testing.T) {
	next := &idleCloser{}
	client := http.Client{Transport: promhttp.InstrumentClient(metric.NewRegistry(), next)}
	client.CloseIdleConnections()
	if !next.closed.Load() {
		t.Error("the call did not reach the transport")
	}
}
