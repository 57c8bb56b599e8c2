package probe

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// idleTimeout is how long connections are kept for the next probe. It is longer than most
	// scrape intervals.
	idleTimeout = 3 * time.Minute
	// maxResponseHeader is the size of the header of a response, in bytes.
	maxResponseHeader = 256 << 10
)

// pool is the transport of the clients of a module. Configurations share it, one after the other,
// as long as it may be used; see Handler.Use.
type pool struct {
	dialer    dialer
	transport *http.Transport
	sets      int // Sets that are in use and have it; guarded by Handler.mu.
}

func newPool(p *policy, limits limits, config *tls.Config) *pool {
	made := &pool{dialer: dialer{policy: p}}
	made.transport = &http.Transport{
		// No Proxy: it would connect to what the policy does not allow.
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return made.dialer.dial(ctx, network, address, time.Time{})
		},
		TLSClientConfig:        config.Clone(), // The transport changes it.
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           limits.concurrent,
		MaxIdleConnsPerHost:    limits.perTarget,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
	return made
}

// client returns a client for one probe. Its requests, and the bodies of their responses, end with
// the context of the probe even if they have another one.
func (p *pool) client(probe context.Context) *http.Client {
	return &http.Client{Transport: checkedTransport{p, probe}}
}

// checkedTransport refuses requests, redirected ones among them, to hosts that are not allowed
// before a connection is looked for.
type checkedTransport struct {
	pool  *pool
	probe context.Context
}

func (c checkedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	err := checkURL(c.pool.dialer.policy, r.URL)
	if err == nil && c.probe.Err() != nil {
		err = context.Cause(c.probe)
	}
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // A RoundTripper must close it; the error is that of the check.
		}
		return nil, err
	}
	// The body outlives RoundTrip, and so does the context, which always ends with the probe.
	ctx, cancel := context.WithCancelCause(r.Context())
	context.AfterFunc(c.probe, func() { cancel(context.Cause(c.probe)) })
	return c.pool.transport.RoundTrip(r.WithContext(ctx))
}

// CloseIdleConnections does nothing: the connections are for other probes, too.
func (c checkedTransport) CloseIdleConnections() {}

func checkURL(p *policy, u *url.URL) error {
	if u == nil {
		return notAllowed("", errNoHost)
	}
	t, err := parseAuthority(u.Host)
	if err != nil {
		return notAllowed(u.Host, err)
	}
	if port, ok := defaultPorts[u.Scheme]; ok && t.port == unknownPort {
		t.port = port
	}
	if err := p.checkTarget(t); err != nil {
		return notAllowed(u.Host, err)
	}
	return nil
}
