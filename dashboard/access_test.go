package dashboard

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAdmit checks which requests a dashboard without Allow answers.
func TestAdmit(t *testing.T) {
	tests := map[string]struct {
		remote, host string
		header       http.Header
		refused      string // part of the reason; empty if the request is admitted
	}{
		"IPv4":                        {"127.0.0.1:4711", "127.0.0.1:8080", nil, ""},
		"another loopback address":    {"127.1.2.3:4711", "127.1.2.3", nil, ""},
		"IPv6":                        {"[::1]:4711", "[::1]:8080", nil, ""},
		"IPv6 without a port":         {"[::1]:4711", "[::1]", nil, ""},
		"mapped":                      {"[::ffff:127.0.0.1]:4711", "localhost", nil, ""},
		"by name":                     {"127.0.0.1:4711", "LocalHost:8080", nil, ""},
		"by a name with a dot":        {"127.0.0.1:4711", "localhost.:8080", nil, ""},
		"by a name below localhost":   {"127.0.0.1:4711", "shop.localhost:8080", nil, ""},
		"through a Unix socket":       {"@", "localhost", nil, ""},
		"HTTP/1.0 without Host":       {"127.0.0.1:4711", "", nil, ""},
		"from a neighbour":            {"192.0.2.7:4711", "127.0.0.1", nil, "comes from"},
		"from IPv6":                   {"[2001:db8::1]:4711", "[::1]", nil, "comes from"},
		"DNS rebinding":               {"127.0.0.1:4711", "evil.example:8080", nil, `host "evil.example:8080"`},
		"a name that only looks so":   {"127.0.0.1:4711", "localhost.evil.example", nil, "host"},
		"another such name":           {"127.0.0.1:4711", "notlocalhost", nil, "host"},
		"an address that looks so":    {"127.0.0.1:4711", "127.0.0.1.evil.example", nil, "host"},
		"all interfaces":              {"127.0.0.1:4711", "0.0.0.0:8080", nil, "host"},
		"forwarded":                   {"127.0.0.1:4711", "localhost", http.Header{"X-Forwarded-For": {"192.0.2.7"}}, "proxy"},
		"forwarded twice":             {"127.0.0.1:4711", "localhost", http.Header{"X-Forwarded-For": {"127.0.0.1, 192.0.2.7"}}, "proxy"},
		"forwarded in two lines":      {"127.0.0.1:4711", "localhost", http.Header{"X-Forwarded-For": {"127.0.0.1", "192.0.2.7"}}, "proxy"},
		"forwarded by this machine":   {"127.0.0.1:4711", "localhost", http.Header{"X-Forwarded-For": {"127.0.0.1, ::1"}}, ""},
		"nginx":                       {"127.0.0.1:4711", "localhost", http.Header{"X-Real-Ip": {"192.0.2.7"}}, "proxy"},
		"RFC 7239":                    {"127.0.0.1:4711", "localhost", http.Header{"Forwarded": {`proto=http;For="[2001:db8::1]:4711"`}}, "proxy"},
		"RFC 7239 and unknown":        {"127.0.0.1:4711", "localhost", http.Header{"Forwarded": {"for=unknown"}}, "proxy"},
		"RFC 7239 and this machine":   {"127.0.0.1:4711", "localhost", http.Header{"Forwarded": {`for=127.0.0.1;host=example.org;by=192.0.2.1`}}, ""},
		"RFC 7239 without a client":   {"127.0.0.1:4711", "localhost", http.Header{"Forwarded": {"proto=https;host=example.org"}}, "proxy"},
		"RFC 7239, one of them":       {"127.0.0.1:4711", "localhost", http.Header{"Forwarded": {"for=127.0.0.1, by=192.0.2.1"}}, "proxy"},
		"content delivery network":    {"127.0.0.1:4711", "localhost", http.Header{"Cf-Connecting-Ip": {"192.0.2.7"}}, "proxy"},
		"another such network":        {"127.0.0.1:4711", "localhost", http.Header{"True-Client-Ip": {"192.0.2.7"}}, "proxy"},
		"load balancer":               {"127.0.0.1:4711", "localhost", http.Header{"X-Client-Ip": {"192.0.2.7"}}, "proxy"},
		"script of another site":      {"127.0.0.1:4711", "localhost", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"no-cors"}}, "page of another site"},
		"link on another site":        {"127.0.0.1:4711", "localhost", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}, ""},
		"frame of another site":       {"127.0.0.1:4711", "localhost", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}, "page of another site"},
		"script of the page":          {"127.0.0.1:4711", "localhost", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"cors"}}, ""},
		"a very long forwarded value": {"127.0.0.1:4711", "localhost", http.Header{"X-Forwarded-For": {strings.Repeat("x", 9999)}}, "…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Host, r.Header = test.remote, test.host, test.header
			err := new(Opts).admit(r)
			switch {
			case test.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused) || len(err.Error()) > 500):
				t.Errorf("got %v, want an error with %q", err, test.refused)
			}
		})
	}
}

// TestAllow checks that Allow alone decides, if it is set.
func TestAllow(t *testing.T) {
	far := httptest.NewRequest(http.MethodGet, "/", nil)
	far.RemoteAddr, far.Host = "192.0.2.7:4711", "example.org"
	if err := (&Opts{Allow: AllowAll}).admit(far); err != nil {
		t.Errorf("AllowAll: %v", err)
	}
	near := httptest.NewRequest(http.MethodGet, "/", nil)
	near.RemoteAddr, near.Host = "127.0.0.1:4711", "localhost"
	none := Opts{Allow: func(*http.Request) bool { return false }}
	if err := none.admit(near); !errors.Is(err, errNotAllowed) {
		t.Errorf("got %v", err)
	}
}
