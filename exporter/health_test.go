package exporter

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReady(t *testing.T) {
	parts := testParts(t)
	ready := false
	parts.ready = func() bool { return ready }
	s := newTestServer(t, parts)
	for _, step := range []struct {
		change func()
		status int
		body   string
	}{
		{func() {}, 503, "not loaded"},
		{func() { ready = true }, 200, "ready"},
		{func() { s.draining.Store(true) }, 503, "shutting down"},
	} {
		step.change()
		rec := get(s.handler, "GET", "/-/ready")
		if rec.Code != step.status || !strings.Contains(rec.Body.String(), step.body) {
			t.Errorf("%d %q, want %d %q", rec.Code, rec.Body, step.status, step.body)
		}
		if rec := get(s.handler, "GET", "/-/healthy"); rec.Code != 200 {
			t.Errorf("healthy: %d", rec.Code)
		}
	}
}

// webConfig writes a web configuration file with basic authentication. Unless certificate is empty, it
// names the certificate for TLS.
func webConfig(t *testing.T, dir, certificate, more string) string {
	t.Helper()
	content := "basic_auth_users:\n  me: " + secretHash + "\n" + more
	if certificate != "" {
		content += fmt.Sprintf("tls_server_config:\n  cert_file: %[1]s.crt\n  key_file: %[1]s.key\n", certificate)
	}
	return writeFile(t, filepath.Join(dir, "web.yml"), content)
}

func TestPublicHealth(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, dir, "server")
	http1 := ca.trust()
	for _, test := range []struct {
		name, scheme, certificate, prefix string
		flags                             []string
		tls                               *tls.Config
		proto                             string
		public                            bool
	}{
		{name: "off", scheme: "http", proto: "HTTP/1.1"},
		{name: "plain", scheme: "http", flags: []string{"--web.public-health"}, proto: "HTTP/1.1", public: true},
		{name: "TLS", scheme: "https", certificate: "server", flags: []string{"--web.public-health"}, tls: http1, proto: "HTTP/2.0", public: true},
		{
			name: "prefix", scheme: "http", prefix: "/p", flags: []string{"--web.public-health", "--web.route-prefix=p"},
			proto: "HTTP/1.1", public: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := webConfig(t, t.TempDir(), "", "")
			if test.certificate != "" {
				config = webConfig(t, dir, test.certificate, "")
			}
			r := start(t, testParts(t, append(test.flags, "--web.config.file="+config)...))
			client, base := newClient(t, test.tls), test.scheme+"://"+r.addresses[0]
			for _, path := range []string{"/-/healthy", "/-/ready", "/-/ready?x=y"} {
				want := 401
				if test.public {
					want = 200
				}
				for _, method := range []string{"GET", "HEAD"} {
					a := mustDo(t, client, method, base+test.prefix+path)
					if a.status != want || a.proto != test.proto {
						t.Errorf("%s %s: %d %s, want %d %s", method, path, a.status, a.proto, want, test.proto)
					}
				}
			}
			for _, request := range []struct{ method, path string }{
				{"POST", "/-/healthy"}, {"OPTIONS", "/-/healthy"}, {"GET", "/"}, {"GET", "/metrics"}, {"GET", "/-/"},
				{"POST", "/-/reload"}, {"GET", "/-/healthy/"}, {"GET", "/-/healthy/x"}, {"GET", "/-/healthyx"}, {"GET", "/-/HEALTHY"},
				{"GET", "//-/healthy"}, {"GET", "/-//healthy"}, {"GET", "/-/healthy/../../metrics"}, {"GET", "/metrics/../-/healthy"},
				{"GET", "/%2d/healthy"}, {"GET", "/-/health%79"}, {"GET", "/-%2fhealthy"}, {"GET", "/-/healthy%2f..%2f..%2fmetrics"},
				{"GET", "/-/healthy%00"}, {"GET", "/-/healthy;x"},
			} {
				if a := mustDo(t, client, request.method, base+test.prefix+request.path); a.status != 401 {
					t.Errorf("%s %s without a password: %d %q", request.method, request.path, a.status, a.body)
				}
			}
			if test.prefix != "" {
				if a := mustDo(t, client, "GET", base+"/-/healthy"); a.status != 401 {
					t.Errorf("without the prefix: %d", a.status)
				}
			}
			url := test.scheme + "://me:secret@" + r.addresses[0] + test.prefix + "/metrics"
			if a := mustDo(t, client, "GET", url); a.status != 200 || a.body != "the metrics" {
				t.Errorf("with the password: %d %q", a.status, a.body)
			}
		})
	}
}

// TestPublicHealthRawTargets sends request targets that client libraries never send.
func TestPublicHealthRawTargets(t *testing.T) {
	config := webConfig(t, t.TempDir(), "", "")
	r := start(t, testParts(t, "--web.public-health", "--web.config.file="+config))
	for target, want := range map[string]string{
		"/-/healthy":                  "200",
		"http://other/-/healthy":      "200",
		"http://other/metrics":        "401",
		"http:/-/healthy":             "200",
		"/./-/healthy":                "401",
		"/-/healthy/../../metrics":    "401",
		"/-/healthy\\..\\..\\metrics": "401",
		"*":                           "401",
	} {
		conn, err := net.DialTimeout("tcp", r.addresses[0], wait)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(wait))
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", target, err)
		} else {
			if got := res.Status[:3]; got != want {
				t.Errorf("%s: %s, want %s", target, got, want)
			}
			res.Body.Close()
		}
		conn.Close()
	}
}
