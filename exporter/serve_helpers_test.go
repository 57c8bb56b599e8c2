package exporter

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"go.uber.org/goleak"
)

// wait is how long a test waits for an expected event.
const wait = 30 * time.Second

// secretHash and otherHash are bcrypt hashes of "secret" and "other", with the lowest cost.
const (
	secretHash = "$2a$04$y.Doi8zWko5LKUpS9pFhpec6GIs06wloYA4WPQ5b.k73COyltxCn6"
	otherHash  = "$2a$04$D1T65PmULb1Kv88bcIuAiesastTq2drloyu0ABK1cjIgchFF.4cci"
)

// logBuffer is a log that tests read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// parseFlags parses the arguments without checking the values.
func parseFlags(t *testing.T, args ...string) *webFlags {
	t.Helper()
	var w webFlags
	app := kingpin.New("test_exporter", "").Terminate(nil)
	w.add(app, &Config{Address: "127.0.0.1:0"})
	if _, err := app.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &w
}

func text(s string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) })
}

// testParts returns parts of a web server with fake handlers.
func testParts(t *testing.T, args ...string) webParts {
	t.Helper()
	return webParts{
		name: "test_exporter", flags: parseFlags(t, args...), logger: new(logBuffer).logger(),
		metrics: text("the metrics"), status: text("the status"),
		shown:  func() ([]byte, error) { return []byte("collectors: {}\n"), nil },
		reload: func(context.Context) error { return nil },
	}
}

// newTestServer checks the flags and returns a server.
func newTestServer(t *testing.T, parts webParts) *webServer {
	t.Helper()
	if err := parts.flags.check(parts.pages); err != nil {
		t.Fatal(err)
	}
	s, err := newWebServer(parts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// running is a running server.
type running struct {
	addresses []string
	stop      context.CancelFunc
	ended     chan error
}

// start runs a server with these parts. The test fails if the server has not ended in time after the test,
// or if a goroutine is left.
func start(t *testing.T, parts webParts) *running {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	listening := make(chan []net.Addr, 1)
	parts.listening = func(addresses []net.Addr) { listening <- addresses }
	s := newTestServer(t, parts)
	ctx, stop := context.WithCancel(t.Context())
	r := &running{stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- s.serve(ctx) }()
	select {
	case addresses := <-listening:
		for _, a := range addresses {
			r.addresses = append(r.addresses, a.String())
		}
	case err := <-r.ended:
		stop()
		t.Fatalf("serve: %v", err)
	case <-time.After(wait):
		t.Fatal("not listening")
	}
	t.Cleanup(func() {
		stop()
		select {
		case err := <-r.ended:
			if err != nil {
				t.Errorf("serve: %v", err)
			}
		case <-time.After(wait):
			t.Error("serve has not returned")
		}
		goleak.VerifyNone(t, ignore)
	})
	return r
}

// finish stops the server and returns the result of serve.
func (r *running) finish(t *testing.T) error {
	t.Helper()
	r.stop()
	return r.end(t)
}

// end returns the result of serve.
func (r *running) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.ended:
		r.ended <- nil
		return err
	case <-time.After(wait):
		t.Fatal("serve has not returned")
		return nil
	}
}

// newClient returns a client that shares no connections.
func newClient(t *testing.T, config *tls.Config) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       wait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a response whose body has been read.
type answer struct {
	status int
	body   string
	header http.Header
	proto  string
}

// do makes a request. A URL of the form http://user:password@host sets credentials.
func do(client *http.Client, method, url string) (answer, error) {
	req, err := http.NewRequest(method, url, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(body), res.Header, res.Proto}, err
}

func mustDo(t *testing.T, client *http.Client, method, url string) answer {
	t.Helper()
	a, err := do(client, method, url)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	// Servers may read the file at any time, so a rename replaces its content in one step.
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// authority is a certificate authority.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM file with the authority's certificate
}

func newAuthority(t *testing.T, dir string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "ca.crt")
	writeFile(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return &authority{cert, key, file}
}

// issue writes a certificate for 127.0.0.1 to <name>.crt, and its key to <name>.key.
func (a *authority) issue(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	writeFile(t, filepath.Join(dir, name+".crt"), string(certPEM))
	writeFile(t, filepath.Join(dir, name+".key"), string(keyPEM))
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// trust returns the TLS configuration of a client that trusts the authority.
func (a *authority) trust(certificates ...tls.Certificate) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool, Certificates: certificates}
}

// wantError fails the test unless the text of err contains all parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not mention %q", err, part)
		}
	}
}
