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
	// idleTimeout is how long connections are kept for the next probe. It is longer than most scrape
	// intervals.
	idleTimeout = 3 * time.Minute
	// maxResponseHeader is the size limit of a response's header, in bytes.
	maxResponseHeader = 256 << 10
)

// pool is the transport of a module's clients. Successive configurations share it until the module changes;
// see [Handler.Use].
type pool struct {
	dialer    dialer
	transport *http.Transport
	sets      int // number of sets in use that have the pool; guarded by Handler.mu
}

func newPool(p *policy, limits limits, config *tls.Config) *pool {
	made := &pool{dialer: dialer{policy: p}}
	made.transport = &http.Transport{
		// There is no Proxy, because it would connect to targets that the policy does not allow.
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return made.dialer.dial(ctx, network, address, time.Time{})
		},
		TLSClientConfig:        config.Clone(), // The transport modifies it.
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           limits.concurrent,
		MaxIdleConnsPerHost:    limits.perTarget,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
	return made
}

// client returns a client for one probe. Its requests, and the bodies of their responses, end with the
// probe's context even if they have a different one.
func (p *pool) client(probe context.Context) *http.Client {
	return &http.Client{Transport: checkedTransport{p, probe}}
}

// checkedTransport refuses requests, including redirected ones, to hosts that are not allowed. It does
// so before it looks for a connection.
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
			_ = r.Body.Close() // A RoundTripper must close the body. The check's error is the one to return.
		}
		return nil, err
	}
	// The body outlives RoundTrip, and so must the context. It always ends with the probe.
	ctx, cancel := context.WithCancelCause(r.Context())
	context.AfterFunc(c.probe, func() { cancel(context.Cause(c.probe)) })
	return c.pool.transport.RoundTrip(r.WithContext(ctx))
}

// CloseIdleConnections does nothing, because other probes also use the connections.
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
