package exporter

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// TestWebConfig checks that the server honors web configuration files as exporter-toolkit documents them.
func TestWebConfig(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, dir, "server")
	known := ca.issue(t, dir, "client")
	stranger := newAuthority(t, t.TempDir()).issue(t, t.TempDir(), "client")
	const serverTLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
	const mutual = serverTLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
	const users = "basic_auth_users:\n  me: " + secretHash + "\n"
	type request struct {
		url    string // in the form scheme://user:password@; the address follows
		tls    *tls.Config
		status int // 0 if no connection can be made
		proto  string
	}
	for _, test := range []struct {
		name, config string
		requests     []request
	}{
		{"empty", "", []request{{"http://", nil, 200, "HTTP/1.1"}, {"https://", ca.trust(), 0, ""}}},
		{"TLS", serverTLS, []request{
			{"https://", ca.trust(), 200, "HTTP/2.0"}, {"https://", nil, 0, ""}, {"http://", nil, 400, "HTTP/1.0"},
		}},
		{"TLS without HTTP/2", serverTLS + "http_server_config:\n  http2: false\n", []request{{"https://", ca.trust(), 200, "HTTP/1.1"}}},
		{"mTLS", mutual, []request{
			{"https://", ca.trust(known), 200, "HTTP/2.0"}, {"https://", ca.trust(), 0, ""}, {"https://", ca.trust(stranger), 0, ""},
		}},
		{"mTLS with names", mutual + "  client_allowed_sans: [other]\n", []request{{"https://", ca.trust(known), 0, ""}}},
		{"basic auth", users, []request{
			{"http://me:secret@", nil, 200, "HTTP/1.1"}, {"http://", nil, 401, "HTTP/1.1"},
			{"http://me:other@", nil, 401, "HTTP/1.1"}, {"http://you:secret@", nil, 401, "HTTP/1.1"},
		}},
		{"TLS and basic auth", serverTLS + users, []request{
			{"https://me:secret@", ca.trust(), 200, "HTTP/2.0"}, {"https://", ca.trust(), 401, "HTTP/2.0"},
			{"https://me:secret@", nil, 0, ""},
		}},
	} {
		// Public health pages must not open any other page.
		for _, flag := range []string{"--web.public-health", "--no-web.public-health"} {
			t.Run(test.name+" "+flag, func(t *testing.T) {
				file := writeFile(t, filepath.Join(dir, "web.yml"), test.config)
				r := start(t, testParts(t, flag, "--web.config.file="+file))
				for _, request := range test.requests {
					a, err := do(newClient(t, request.tls), "GET", request.url+r.addresses[0]+"/metrics")
					switch {
					case request.status == 0 && err == nil:
						t.Errorf("%s: %d, want no connection", request.url, a.status)
					case request.status == 0:
					case err != nil || a.status != request.status || a.proto != request.proto:
						t.Errorf("%s: %d %s, %v; want %d %s", request.url, a.status, a.proto, err, request.status, request.proto)
					case a.status == 200 && a.body != "the metrics":
						t.Errorf("%s: %q", request.url, a.body)
					}
				}
			})
		}
	}
}

func TestWebConfigHeaders(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "web.yml"),
		"http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n    Content-Security-Policy: default-src 'self'\n")
	r := start(t, testParts(t, "--web.config.file="+file))
	a := mustDo(t, newClient(t, nil), "GET", "http://"+r.addresses[0]+"/")
	if a.header.Get("X-Frame-Options") != "sameorigin" || a.header.Get("Content-Security-Policy") != "default-src 'self'" {
		t.Errorf("header %v", a.header)
	}
}

func TestWebConfigRateLimit(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "web.yml"), "rate_limit:\n  interval: 1h\n  burst: 1\n")
	r := start(t, testParts(t, "--web.config.file="+file))
	client := newClient(t, nil)
	for _, want := range []int{200, 429} {
		if a := mustDo(t, client, "GET", "http://"+r.addresses[0]+"/metrics"); a.status != want {
			t.Errorf("%d, want %d", a.status, want)
		}
	}
}

func TestWebConfigBroken(t *testing.T) {
	dir := t.TempDir()
	newAuthority(t, dir).issue(t, dir, "server")
	for _, test := range []struct{ name, config, want string }{
		{"no YAML", "basic_auth_users: [", "yaml"},
		{"unknown key", "tls_config: {}\n", "tls_config"},
		{"no key", "tls_server_config:\n  cert_file: server.crt\n", "key"},
		{"missing certificate", "tls_server_config:\n  cert_file: x.crt\n  key_file: server.key\n", "x.crt"},
		{"password in the clear", "basic_auth_users:\n  me: secret\n", "hash"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := writeFile(t, filepath.Join(dir, "web.yml"), test.config)
			parts := testParts(t, "--web.config.file="+file)
			parts.listening = func([]net.Addr) { t.Error("it listens") }
			wantError(t, parts.flags.check(nil), "--web.config.file", file, test.want)
			// The server must check again: the file may have changed since the first check.
			s, err := newWebServer(parts)
			if err != nil {
				t.Fatal(err)
			}
			wantError(t, s.serve(t.Context()), "--web.config.file", file, test.want)
		})
	}
}

// TestWebConfigChanges changes the file and a certificate while the server runs.
func TestWebConfigChanges(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, dir, "server")
	file := webConfig(t, dir, "server", "")
	r := start(t, testParts(t, "--web.public-health", "--web.config.file="+file))
	status := func(credentials string, ca *authority) int {
		t.Helper()
		a, err := do(newClient(t, ca.trust()), "GET", "https://"+credentials+r.addresses[0]+"/metrics")
		if err != nil {
			return 0
		}
		return a.status
	}
	if a, b := status("me:secret@", ca), status("me:other@", ca); a != 200 || b != 401 {
		t.Errorf("at first: %d, %d", a, b)
	}
	writeFile(t, file, "basic_auth_users:\n  me: "+otherHash+"\ntls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n")
	if a, b := status("me:secret@", ca), status("me:other@", ca); a != 401 || b != 200 {
		t.Errorf("another password: %d, %d", a, b)
	}
	other := newAuthority(t, t.TempDir())
	other.issue(t, dir, "server")
	if a, b := status("me:other@", ca), status("me:other@", other); a != 0 || b != 200 {
		t.Errorf("another certificate: %d, %d", a, b)
	}
	kept := newClient(t, other.trust())
	if a := mustDo(t, kept, "GET", "https://me:other@"+r.addresses[0]+"/metrics"); a.status != 200 {
		t.Errorf("%d", a.status)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	// Without the file, the server serves nothing, on existing and on new connections.
	if a := mustDo(t, kept, "GET", "https://me:other@"+r.addresses[0]+"/metrics"); a.status != 500 {
		t.Errorf("without the file: %d", a.status)
	}
	if got := status("me:other@", other); got != 0 {
		t.Errorf("a new connection without the file: %d", got)
	}
}
