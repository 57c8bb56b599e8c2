//go:build e2e

package e2e

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// webPassword is the password in exporter_web_basic.yml.
const webPassword = "a password"

// TestExporterBasicAuth tests a web configuration that uses every option of exporter-toolkit.
func TestExporterBasicAuth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newAuthority(t, dir).server(t, dir)
	copyFiles(t, dir, "exporter_prober.yml", configFile, "exporter_web_basic.yml", webFile)
	e := startExporter(t, builtExporters(t).prober, dir)
	for _, test := range []struct {
		user string
		want int
	}{{"", http.StatusUnauthorized}, {"another", http.StatusUnauthorized}, {"prometheus", http.StatusOK}} {
		e.user = test.user
		for _, path := range []string{"/", "/metrics", "/status", "/config", "/-/ready"} {
			a, err := e.do(t.Context(), http.MethodGet, path, 0)
			if err != nil {
				t.Fatal(err)
			}
			if a.status != test.want {
				t.Errorf("GET %s as %q: status %d, want %d", path, test.user, a.status, test.want)
			}
			for header, want := range map[string]string{
				"Content-Security-Policy": "default-src 'self'", "X-Frame-Options": "deny",
				"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
			} {
				if got := a.header.Get(header); got != want {
					t.Errorf("GET %s as %q: %s is %q, want %q", path, test.user, header, got, want)
				}
			}
		}
	}
	plain := *e
	plain.base = "http://" + e.address
	if a, err := plain.do(t.Context(), http.MethodGet, "/metrics", 0); err == nil && a.status != http.StatusBadRequest {
		t.Errorf("without TLS: status %d", a.status)
	}
}

// TestExporterMutualTLS tests a web configuration that requires client certificates.
func TestExporterMutualTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.server(t, dir)
	copyFiles(t, dir, "exporter_prober.yml", configFile, "exporter_web_mtls.yml", webFile)
	stranger := newAuthority(t, t.TempDir()).client(t, t.TempDir(), "prometheus.example")
	e := startExporter(t, builtExporters(t).prober, dir)
	for _, test := range []struct {
		name    string
		client  *tls.Certificate
		refused bool
	}{
		{"a certificate", new(ca.client(t, dir, "prometheus.example")), false},
		{"no certificate", nil, true},
		{"another name", new(ca.client(t, dir, "grafana.example")), true},
		{"another authority", &stranger, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := &tls.Config{RootCAs: readCA(t, dir)}
			if test.client != nil {
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
					return test.client, nil // even a certificate from an authority that the server does not trust
				}
			}
			transport := &http.Transport{TLSClientConfig: config}
			defer transport.CloseIdleConnections()
			client := *e
			client.client = &http.Client{Transport: transport, Timeout: maxWait}
			for _, path := range []string{"/metrics", "/-/healthy"} {
				a, err := client.do(t.Context(), http.MethodGet, path, 0)
				if refused := err != nil; refused != test.refused {
					t.Errorf("GET %s: status %d, %v", path, a.status, err)
				}
				if err == nil && a.status != http.StatusOK {
					t.Errorf("GET %s: status %d", path, a.status)
				}
			}
		})
	}
}
