package remotewrite

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	idleTimeout    = 5 * time.Minute // longer than any usual interval between pushes
	maxIdle        = 2
	maxHeaderBytes = 64 << 10
	pingTimeout    = 15 * time.Second
	maxRedirects   = 10
)

// newClient returns a client that shares no connections with others.
func newClient() *http.Client {
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else {
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
	}
	t.MaxIdleConns, t.MaxIdleConnsPerHost = maxIdle, maxIdle
	t.IdleConnTimeout = idleTimeout
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.DisableCompression = true // Responses are short.
	// Without pings, HTTP/2 keeps using a connection whose other end is gone.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingTimeout, PingTimeout: pingTimeout}
	return &http.Client{Transport: t}
}

// postOnly returns a client that follows redirects only if they keep the method, as 307 and 308 do. Any
// other redirect is the response. The target's header is not sent to other hosts.
func (s *sender) postOnly(client *http.Client) *http.Client {
	c := *client
	policy := client.CheckRedirect
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.Method != http.MethodPost || len(via) >= maxRedirects {
			return http.ErrUseLastResponse
		}
		if first := via[0].URL; r.URL.Hostname() != first.Hostname() || first.Scheme == "https" && r.URL.Scheme != "https" {
			for name := range s.header {
				if name != "User-Agent" {
					r.Header.Del(name)
				}
			}
		}
		if policy != nil {
			return policy(r, via)
		}
		return nil
	}
	return &c
}

// requestHeader returns the header of each request, without the headers of the protocol, and the value of
// its Host header.
func requestHeader(custom http.Header) (header http.Header, host string, err error) {
	header = http.Header{"User-Agent": {userAgent()}}
	for name, values := range custom {
		if !isToken(name) {
			return nil, "", fmt.Errorf("the header %q has no valid name: letters, digits and hyphens are allowed", name)
		}
		for _, v := range values {
			if strings.ContainsFunc(v, isControl) {
				return nil, "", fmt.Errorf("the header %q has a value with a control character", name)
			}
		}
		switch name = http.CanonicalHeaderKey(name); {
		case isReserved(name):
			return nil, "", fmt.Errorf("the header %q belongs to the protocol and cannot be set", name)
		case name != "Host":
			header[name] = slices.Clone(values)
		case len(values) > 0:
			host = values[0]
		}
	}
	return header, host, nil
}

// isToken reports whether s is a token as defined by RFC 9110, section 5.6.2.
func isToken(s string) bool {
	isOther := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	return s != "" && !strings.ContainsFunc(s, isOther)
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
