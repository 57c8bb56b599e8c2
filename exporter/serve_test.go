package exporter

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTwoListeners(t *testing.T) {
	config := webConfig(t, t.TempDir(), "", "")
	r := start(t, testParts(t, "--web.listen-address=127.0.0.1:0", "--web.listen-address=127.0.0.1:0", "--web.config.file="+config))
	if len(r.addresses) != 2 || r.addresses[0] == r.addresses[1] {
		t.Fatalf("addresses %v", r.addresses)
	}
	client := newClient(t, nil)
	for _, address := range r.addresses {
		if a := mustDo(t, client, "GET", "http://me:secret@"+address+"/metrics"); a.status != 200 {
			t.Errorf("%s: %d", address, a.status)
		}
		if a := mustDo(t, client, "GET", "http://"+address+"/metrics"); a.status != 401 {
			t.Errorf("%s without a password: %d", address, a.status)
		}
	}
}

// slowPage is a page that sends a part of its body, and the rest when a test releases it.
type slowPage struct{ entered, release chan struct{} }

func newSlowPage() slowPage { return slowPage{make(chan struct{}, 10), make(chan struct{})} }

func (p slowPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "first,")
	_ = http.NewResponseController(w).Flush()
	p.entered <- struct{}{}
	select {
	case <-p.release:
		_, _ = io.WriteString(w, "last")
	case <-r.Context().Done():
	}
}

// TestDrain stops a server while a scrape is in flight and another connection is idle.
func TestDrain(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, dir, "server")
	for _, test := range []struct{ name, scheme, certificate, more string }{
		{"plain", "http", "", ""},
		{"HTTP/2", "https", "server", ""},
		{"TLS", "https", "server", "http_server_config:\n  http2: false\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := webConfig(t, dir, test.certificate, test.more)
			page := newSlowPage()
			parts := testParts(t, "--web.config.file="+config, "--web.drain-timeout=10m")
			parts.metrics = page
			r := start(t, parts)
			base := test.scheme + "://me:secret@" + r.addresses[0]
			idle, busy := newClient(t, ca.trust()), newClient(t, ca.trust())
			mustDo(t, idle, "GET", base+"/status")
			scrape := make(chan answer, 1)
			go func() {
				a, err := do(busy, "GET", base+"/metrics")
				if err != nil {
					a.body = err.Error()
				}
				scrape <- a
			}()
			<-page.entered
			r.stop()
			awaitClosed(t, r.addresses[0])
			select {
			case err := <-r.ended:
				t.Fatalf("serve returns while a scrape is under way: %v", err)
			case <-time.After(50 * time.Millisecond):
			}
			close(page.release)
			if a := <-scrape; a.status != 200 || a.body != "first,last" {
				t.Errorf("scrape: %d %q", a.status, a.body)
			}
			if err := r.end(t); err != nil {
				t.Error(err)
			}
		})
	}
}

// awaitClosed waits until no server listens on an address.
func awaitClosed(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(wait); ; {
		conn, err := net.DialTimeout("tcp", address, wait)
		if err != nil {
			return
		}
		conn.Close()
		if time.Now().After(end) {
			t.Fatal("it still listens")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestDrainTimeout checks that the server cuts off a request that exceeds the drain timeout.
func TestDrainTimeout(t *testing.T) {
	for _, limit := range []string{"0s", "50ms"} {
		t.Run(limit, func(t *testing.T) {
			page := newSlowPage()
			parts := testParts(t, "--web.drain-timeout="+limit)
			parts.metrics = page
			r := start(t, parts)
			failed := make(chan error, 1)
			go func() {
				_, err := do(newClient(t, nil), "GET", "http://"+r.addresses[0]+"/metrics")
				failed <- err
			}()
			<-page.entered
			wantError(t, r.finish(t), "1 requests", "--web.drain-timeout="+limit, "cut off")
			if err := <-failed; err == nil {
				t.Error("the client got a whole answer")
			}
		})
	}
}

// TestDrainSilentConnections checks that connections without a request delay the end of the server no
// longer than the drain timeout, and cause no error.
func TestDrainSilentConnections(t *testing.T) {
	r := start(t, testParts(t, "--web.drain-timeout=50ms"))
	conn, err := net.Dial("tcp", r.addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	mustDo(t, newClient(t, nil), "GET", "http://"+r.addresses[0]+"/status") // By then, it has accepted conn.
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
}

// failing is a listener that fails when a test tells it to.
type failing struct {
	net.Listener
	fail chan error
}

func (l failing) Accept() (net.Conn, error) { return nil, <-l.fail }

// TestListenerFails checks that the server drains the other listener if one fails.
func TestListenerFails(t *testing.T) {
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	page := newSlowPage()
	parts := testParts(t)
	parts.metrics = page
	s := newTestServer(t, parts)
	good, bad := listen(), failing{listen(), make(chan error)}
	ended := make(chan error, 1)
	go func() { ended <- s.serveOn(t.Context(), []net.Listener{good, bad}) }()
	scrape := make(chan answer, 1)
	client := newClient(t, nil)
	go func() {
		a, _ := do(client, "GET", "http://"+good.Addr().String()+"/metrics")
		scrape <- a
	}()
	<-page.entered
	broken := errors.New("broken")
	bad.fail <- broken
	awaitClosed(t, good.Addr().String())
	close(page.release)
	if a := <-scrape; a.body != "first,last" {
		t.Errorf("scrape: %d %q", a.status, a.body)
	}
	if err := <-ended; !errors.Is(err, broken) || !strings.Contains(err.Error(), bad.Addr().String()) {
		t.Errorf("error %v", err)
	}
}

// TestListeningMisbehaves checks a Config.Listening that panics, and one that stops the server.
func TestListeningMisbehaves(t *testing.T) {
	t.Run("panic", func(t *testing.T) {
		var log logBuffer
		parts := testParts(t)
		parts.logger = log.logger()
		ctx, stop := context.WithCancel(t.Context())
		parts.listening = func([]net.Addr) {
			defer stop()
			panic("listening")
		}
		if err := newTestServer(t, parts).serve(ctx); err != nil {
			t.Error(err)
		}
		if !strings.Contains(log.String(), "panic=listening") {
			t.Errorf("log:\n%s", log.String())
		}
	})
	t.Run("hang", func(t *testing.T) {
		parts := testParts(t, "--web.drain-timeout=50ms")
		ctx, stop := context.WithCancel(t.Context())
		hang := make(chan struct{})
		defer close(hang)
		parts.listening = func([]net.Addr) { stop(); <-hang }
		if err := newTestServer(t, parts).serve(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("request", func(t *testing.T) {
		parts := testParts(t)
		ctx, stop := context.WithCancel(t.Context())
		client := newClient(t, nil)
		parts.listening = func(a []net.Addr) {
			defer stop()
			if got, err := do(client, "GET", "http://"+a[0].String()+"/metrics"); err != nil || got.status != 200 {
				t.Errorf("%d, %v", got.status, err)
			}
		}
		if err := newTestServer(t, parts).serve(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestErrorLog(t *testing.T) {
	for _, test := range []struct{ text, level string }{
		{"http: TLS handshake error from 127.0.0.1:1: EOF\n", "DEBUG"},
		{"http2: server: error reading preface from client", "DEBUG"},
		{"http: Accept error: too many open files; retrying in 5ms", "WARN"},
	} {
		var log logBuffer
		if n, err := (errorLog{log.logger()}).Write([]byte(test.text)); n != len(test.text) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if got := log.String(); !strings.Contains(got, "level="+test.level) || strings.Count(got, "\n") != 1 {
			t.Errorf("%q: %s", test.text, got)
		}
	}
}

// TestHandshakeNoise checks that clients that do not speak TLS cause no warnings.
func TestHandshakeNoise(t *testing.T) {
	dir := t.TempDir()
	newAuthority(t, dir).issue(t, dir, "server")
	parts := testParts(t, "--web.config.file="+webConfig(t, dir, "server", ""))
	var log logBuffer
	parts.logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r := start(t, parts)
	if a := mustDo(t, newClient(t, nil), "GET", "http://"+r.addresses[0]+"/"); a.status != 400 {
		t.Errorf("HTTP to a server of HTTPS: %d", a.status)
	}
	if err := r.finish(t); err != nil {
		t.Error(err)
	}
	if log.String() != "" {
		t.Errorf("log:\n%s", log.String())
	}
}
