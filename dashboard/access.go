package dashboard

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// AllowAll is an [Opts.Allow] for a dashboard that something else protects, such as a login in front of
// it or a port that only operators reach.
func AllowAll(*http.Request) bool { return true }

var errNotAllowed = errors.New("the dashboard refuses this request: its option Allow does not admit it")

// admit returns nil if the dashboard may answer a request, and otherwise the error to answer with.
func (o *Opts) admit(r *http.Request) error {
	if o.Allow != nil {
		if !o.Allow(r) {
			return errNotAllowed
		}
		return nil
	}
	if err := checkLocal(r); err != nil {
		return fmt.Errorf("%w; by default a dashboard only answers requests from its own machine: "+
			"open it there (for example through ssh -L), or set dashboard.Opts.Allow", err)
	}
	return nil
}

// forwardedHeaders are headers that proxies set when they forward requests. Without a check, a proxy on
// the same machine would make all requests look local.
var forwardedHeaders = []string{
	"Forwarded", "X-Forwarded-For", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip",
}

// checkLocal returns nil if a request comes from this machine and is addressed to it. Checking the address
// protects against DNS rebinding: an attacker lets the host name of a web page resolve to a loopback address.
func checkLocal(r *http.Request) error {
	if !isLocal(r.RemoteAddr) {
		return fmt.Errorf("the request comes from %s", shown(r.RemoteAddr))
	}
	if !isLocal(r.Host) {
		return fmt.Errorf("the request is for the host %s", shown(r.Host))
	}
	for _, name := range forwardedHeaders {
		for _, value := range r.Header.Values(name) {
			if !isForwardedLocally(value) {
				return fmt.Errorf("a proxy has forwarded the request (%s: %s)", name, shown(value))
			}
		}
	}
	if isFromOtherSite(r.Header) {
		return errors.New("a page of another site has sent the request")
	}
	return nil
}

// isFromOtherSite reports whether a browser says that a page of another site sent a request. Such a page
// cannot read the answer, but it could cause samples and hold streams open. A link that opens the
// dashboard in a tab is allowed; see the specification of Fetch Metadata Request Headers.
func isFromOtherSite(h http.Header) bool {
	return h.Get("Sec-Fetch-Site") == "cross-site" &&
		(h.Get("Sec-Fetch-Mode") != "navigate" || h.Get("Sec-Fetch-Dest") != "document")
}

// isForwardedLocally reports whether the value of a proxy's header names only loopback addresses.
func isForwardedLocally(value string) bool {
	for element := range strings.SplitSeq(value, ",") {
		isKnown := false // whether the element names the client
		for pair := range strings.SplitSeq(element, ";") {
			node := strings.TrimSpace(pair)
			if name, of, ok := strings.Cut(node, "="); ok {
				if !strings.EqualFold(strings.TrimSpace(name), "for") {
					continue // The other parameters of Forwarded name no client.
				}
				node = strings.Trim(strings.TrimSpace(of), `"`)
			}
			if !isLocal(node) {
				return false
			}
			isKnown = true
		}
		if !isKnown {
			return false
		}
	}
	return true
}

// isLocal reports whether a host, with or without a port, is this machine's loopback interface. The
// remote address of a request that came through a Unix socket is empty or "@".
func isLocal(hostport string) bool {
	if hostport == "" || hostport == "@" {
		return true
	}
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// shown returns a text from a request in a form for an error message.
func shown(text string) string {
	const most = 100
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Sprintf("%q", text)
}
