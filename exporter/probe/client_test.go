package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fetch requests the target with p.Client.
func fetch(ctx context.Context, p *Probe) error {
	target := p.Target
	if !strings.Contains(target, "://") {
		target = "http://" + target
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	answer, err := p.Client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	p.Metrics.NewGauge("http_status_code", "The status.").Set(float64(answer.StatusCode))
	return nil
}

// counted is a server that counts its connections.
type counted struct {
	*httptest.Server
	made, open atomic.Int64
}

func newCounted(t *testing.T, secure bool, h http.HandlerFunc) *counted {
	c := &counted{Server: httptest.NewUnstartedServer(h)}
	c.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			c.made.Add(1)
			c.open.Add(1)
		case http.StateClosed:
			c.open.Add(-1)
		}
	}
	if secure {
		c.StartTLS()
	} else {
		c.Start()
	}
	t.Cleanup(c.Close)
	return c
}

func ok(http.ResponseWriter, *http.Request) {}

// closing makes the test close the handler's idle connections when it ends.
func closing(t *testing.T, h *Handler) *Handler {
	t.Cleanup(func() { h.Use(nil) })
	return h
}

// eventually waits until a condition is true.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for range 1000 {
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("in vain: %s", what)
}

// TestConnectionsAreKept checks that probes reuse connections, even after the configuration has changed. Only a
// change of the allowed targets, or Use(nil), closes them.
func TestConnectionsAreKept(t *testing.T) {
	server := newCounted(t, false, ok)
	h := closing(t, answering(t, "modules: {a: {}}", fetch))
	for range 5 {
		has(t, ask(h, server.URL), succeeds, "http_status_code 200")
	}
	if n := server.made.Load(); n != 1 {
		t.Errorf("%d connections for 5 probes", n)
	}
	h.Use(prepared(t, h, "modules: {a: {timeout: 1m}, b: {}}"))
	has(t, ask(h, server.URL, query("module=a")), succeeds)
	if n := server.made.Load(); n != 1 {
		t.Errorf("%d connections: the module has lost its connection by a new configuration", n)
	}
	h.Use(prepared(t, h, "modules: {a: {timeout: 1m}}\ntargets: {allow: [127.0.0.0/8]}"))
	eventually(t, "the connection of the old targets is closed", func() bool { return server.open.Load() == 0 })
	has(t, ask(h, server.URL), succeeds)
	h.Use(nil)
	eventually(t, "the connection is closed in the end", func() bool { return server.open.Load() == 0 })
}

// TestProbesUnderWayGoOn checks that a new configuration does not interrupt the probes that have begun before
// it.
func TestProbesUnderWayGoOn(t *testing.T) {
	began, end := make(chan bool), make(chan bool)
	server := newCounted(t, false, func(http.ResponseWriter, *http.Request) {
		began <- true
		<-end
	})
	h := closing(t, answering(t, "modules: {a: {}}", fetch))
	var all sync.WaitGroup
	all.Go(func() { has(t, ask(h, server.URL), succeeds) })
	<-began
	h.Use(prepared(t, h, "modules: {b: {}}\ntargets: {deny: ['*']}"))
	if w := ask(h, server.URL); w.Code != http.StatusForbidden {
		t.Errorf("status %d by the new configuration", w.Code)
	}
	close(end)
	all.Wait()
	eventually(t, "the connection is closed with the last probe", func() bool { return server.open.Load() == 0 })
}

func TestTLS(t *testing.T) {
	server := newCounted(t, true, ok)
	h := closing(t, serving(t, "modules: {a: {}}", Opts{Probers: []Prober{{New: func(m *Module) (Func, error) {
		m.TLS = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
		return fetch, nil
	}}}}))
	for range 3 {
		has(t, ask(h, server.URL), succeeds)
	}
	if n := server.made.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestRedirects(t *testing.T) {
	inner := newCounted(t, false, ok)
	outer := newCounted(t, false, func(w http.ResponseWriter, r *http.Request) {
		if n := r.URL.Query().Get("left"); n != "" {
			var left int
			_, _ = fmt.Sscan(n, &left)
			if left > 0 {
				http.Redirect(w, r, fmt.Sprintf("/?left=%d", left-1), http.StatusFound)
			}
			return
		}
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	port := func(s *counted) string {
		u, _ := url.Parse(s.URL)
		return u.Port()
	}
	h := closing(t, answering(t, "modules: {a: {}}\ntargets: {allow: ['127.0.0.1:"+port(outer)+"']}", fetch))
	has(t, ask(h, outer.URL+"/?left=9"), succeeds)
	has(t, ask(h, outer.URL+"/?left=11"), fails)
	for _, to := range []string{inner.URL, "http://localhost:" + port(inner), "http://[::ffff:127.0.0.1]:" + port(inner), "http://0x7f.1:" + port(inner), "http://169.254.169.254/", "file:///etc/passwd"} {
		w := ask(h, outer.URL+"/?to="+url.QueryEscape(to), query("debug=true"))
		has(t, w, fails)
		if log := w.Body.String(); !strings.Contains(log, "not an allowed target") && !strings.Contains(log, "unsupported protocol") {
			t.Errorf("to %s:\n%s", to, log)
		}
	}
	if inner.made.Load() != 0 {
		t.Error("the server that is not allowed got a connection")
	}
}

// TestProxyOfTheEnvironment checks that probes do not use the proxy that environment variables set.
func TestProxyOfTheEnvironment(t *testing.T) {
	proxy := newCounted(t, false, ok)
	server := newCounted(t, false, ok)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	h := closing(t, answering(t, "modules: {a: {}}", fetch))
	has(t, ask(h, server.URL), succeeds)
	if proxy.made.Load() != 0 {
		t.Error("the proxy got a connection")
	}
}

// TestRebinding checks that the address to which a name resolves must be allowed, too.
func TestRebinding(t *testing.T) {
	server := newCounted(t, false, ok)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, test := range []struct {
		name, allow, target string
		answers             []string
		want                string
	}{
		{"name in an allowed network", "[127.0.0.0/8]", "db.example", []string{"127.0.0.1"}, succeeds},
		{"name that leaves the allowed network", "[10.0.0.0/8]", "db.example", []string{"127.0.0.1"}, fails},
		{"name by a rule of hosts", "['*.example']", "db.example", []string{"127.0.0.1"}, succeeds},
		{"name by a rule of hosts, link-local", "['*.example']", "db.example", []string{"169.254.169.254"}, fails},
		{"mapped link-local", "['*.example']", "db.example", []string{"::ffff:169.254.169.254"}, fails},
		{"no list, link-local", "[]", "db.example", []string{"fe80::1", "169.254.169.254"}, fails},
		{"no list", "[]", "db.example", []string{"127.0.0.1"}, succeeds},
		{"port that is not allowed", "['127.0.0.0/8:1']", "db.example", []string{"127.0.0.1"}, fails},
		{"one of two addresses", "[127.0.0.1]", "db.example", []string{"127.0.0.2", "127.0.0.1"}, succeeds},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, way := range []string{"client", "dial"} {
				h := closing(t, answering(t, "modules: {a: {}}\ntargets: {allow: "+test.allow+"}", func(ctx context.Context, p *Probe) error {
					if way == "client" {
						return fetch(ctx, p)
					}
					conn, err := p.DialContext(ctx, "tcp", p.Target)
					if err != nil {
						return err
					}
					return conn.Close()
				}))
				h.set.modules["a"].pool.dialer.resolver = fakeDNS(func(string) (all []netip.Addr) {
					for _, a := range test.answers {
						all = append(all, netip.MustParseAddr(a))
					}
					return all
				})
				w := ask(h, test.target+":"+port)
				if w.Code == http.StatusForbidden && test.want == fails {
					continue
				}
				has(t, w, test.want)
			}
		})
	}
}

// TestSecondLookup resolves a name first to an allowed address, and then to another one.
func TestSecondLookup(t *testing.T) {
	server := newCounted(t, false, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	var lookups atomic.Int64
	h := closing(t, answering(t, "modules: {a: {}}\ntargets: {allow: [127.0.0.1]}", fetch))
	h.set.modules["a"].pool.dialer.resolver = fakeDNS(func(string) []netip.Addr {
		lookups.Add(1)
		if server.made.Load() == 0 {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.2")}
	})
	has(t, ask(h, "db.example:"+port), succeeds)
	has(t, ask(h, "db.example:"+port), fails)
	if lookups.Load() == 0 || server.made.Load() != 1 {
		t.Errorf("%d lookups, %d connections", lookups.Load(), server.made.Load())
	}
}

func TestDialContext(t *testing.T) {
	d := &dialer{policy: lists(t, "")}
	for _, test := range []struct{ network, address string }{
		{"unix", "/var/run/docker.sock"},
		{"unixgram", "/x"},
		{"tcp", ":80"},
		{"tcp", "127.0.0.1"},
		{"tcp", "0x7f.1:80"},
		{"tcp", "2130706433:80"},
		{"tcp", "169.254.169.254:80"},
		{"tcp", "169.254.169.254:http"},
		{"udp", "[fe80::1%lo]:53"},
		{"ip4:icmp", "169.254.169.254"},
		{"tcp", "127.0.0.1:0"},
	} {
		conn, err := d.dial(t.Context(), test.network, test.address, time.Time{})
		if err == nil {
			_ = conn.Close()
		}
		if !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%s %s: error %v", test.network, test.address, err)
		}
	}
}

// TestForgottenContext checks a prober that uses no context while the server does not answer.
func TestForgottenContext(t *testing.T) {
	end := make(chan bool)
	server := newCounted(t, false, func(http.ResponseWriter, *http.Request) { <-end })
	t.Cleanup(func() { close(end) })
	for name, f := range map[string]Func{
		"client": func(_ context.Context, p *Probe) error {
			answer, err := p.Client.Get(p.Target)
			if err == nil {
				_ = answer.Body.Close()
			}
			return err
		},
		"connection": func(_ context.Context, p *Probe) error {
			conn, err := p.DialContext(context.Background(), "tcp", strings.TrimPrefix(p.Target, "http://"))
			if err != nil {
				return err
			}
			defer conn.Close()
			_, err = conn.Read(make([]byte, 1))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := closing(t, answering(t, "modules: {a: {timeout: 200ms}}", f))
			has(t, ask(h, server.URL), fails)
			eventually(t, "the prober returns", func() bool {
				running, left := h.limiter.counts()
				return running == 0 && left == 0
			})
		})
	}
}

// TestRequestsEndWithTheProbe checks a prober that makes requests without the probe's context: one that
// begins late, and more after the end of the probe.
func TestRequestsEndWithTheProbe(t *testing.T) {
	end := make(chan bool)
	server := newCounted(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
		}
		<-end
	})
	t.Cleanup(func() { close(end) })
	const limit = 3 * time.Second
	for _, path := range []string{"/header", "/body"} {
		t.Run(path, func(t *testing.T) {
			returned := make(chan time.Duration, 1)
			h := closing(t, answering(t, "modules: {a: {timeout: "+limit.String()+"}}", func(_ context.Context, p *Probe) error {
				began := time.Now()
				defer func() { returned <- time.Since(began) }()
				time.Sleep(limit * 9 / 10)
				for range 100 {
					answer, err := p.Client.Get(p.Target)
					if err == nil {
						_, _ = io.Copy(io.Discard, answer.Body)
						_ = answer.Body.Close()
					}
				}
				return errors.New("in vain")
			}))
			has(t, ask(h, server.URL+path), fails)
			if took := <-returned; took > limit*3/2 {
				t.Errorf("the requests have ended after %v", took)
			}
		})
	}
}

// TestBodiesThatAreNotClosed checks a prober that does not close the bodies of responses.
func TestBodiesThatAreNotClosed(t *testing.T) {
	server := newCounted(t, false, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	h := closing(t, answering(t, "modules: {a: {}}", func(ctx context.Context, p *Probe) error {
		r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, p.Target, nil)
		if err != nil {
			return err
		}
		_, err = p.Client.Do(r) //nolint:bodyclose // The prober forgets to close it on purpose.
		return err
	}))
	for range 3 {
		has(t, ask(h, server.URL), succeeds)
	}
	eventually(t, "the connections are closed", func() bool { return server.open.Load() == 0 })
}

// TestSharedTLS checks that modules can share a TLS configuration: the transports must not modify it.
func TestSharedTLS(t *testing.T) {
	server := newCounted(t, true, ok)
	shared := &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
	h := closing(t, serving(t, "modules: {a: {}, b: {}}", Opts{Probers: []Prober{{New: func(m *Module) (Func, error) {
		m.TLS = shared
		return fetch, nil
	}}}}))
	var all sync.WaitGroup
	for _, module := range []string{"a", "b"} {
		all.Go(func() { has(t, ask(h, server.URL, query("module="+module)), succeeds) })
	}
	all.Wait()
	if shared.NextProtos != nil {
		t.Errorf("the program's configuration has got the protocols %q", shared.NextProtos)
	}
}
