package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// connectTimeout limits how long a connection attempt can go on after its probe has ended.
const connectTimeout = 30 * time.Second

// dialer connects to targets that its policy allows.
type dialer struct {
	policy   *policy
	resolver *net.Resolver // nil means the default one
	// control, if not nil, is called before a connection is made to an allowed address. Tests use it.
	control func(network, address string) error
}

// dial connects to an address, like [net.Dialer]. It gives up at the deadline unless the deadline is zero.
func (d *dialer) dial(ctx context.Context, network, address string, deadline time.Time) (net.Conn, error) {
	t, err := d.target(ctx, network, address)
	if err == nil {
		err = d.policy.checkTarget(t)
	}
	if err != nil {
		return nil, notAllowed(address, err)
	}
	n := net.Dialer{
		Timeout:  connectTimeout,
		Deadline: deadline,
		Resolver: d.resolver,
		ControlContext: func(_ context.Context, network, resolved string, _ syscall.RawConn) error {
			return d.check(t, network, resolved)
		},
	}
	return n.DialContext(ctx, network, canonical(address, t))
}

// canonical returns the address to connect to. It contains the name that was checked, not another
// spelling that the resolver may interpret differently.
func canonical(address string, t target) string {
	if t.host.name == "" {
		return address // It may have a zone.
	}
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return t.host.name // The network is ip.
	}
	if strings.HasSuffix(name, ".") {
		return net.JoinHostPort(t.host.name+".", service)
	}
	return net.JoinHostPort(t.host.name, service)
}

// check is called for each address that the name of a target resolves to.
func (d *dialer) check(t target, network, resolved string) error {
	var addr netip.Addr
	port := noPort
	both, err := netip.ParseAddrPort(resolved)
	if err == nil {
		addr, port = both.Addr(), int(both.Port())
	} else if addr, err = netip.ParseAddr(resolved); err != nil { // The network is ip.
		return notAllowed(resolved, errors.New("it is not an IP address"))
	}
	if err := d.policy.checkAddr(t.host, addr, port); err != nil {
		return notAllowed(resolved, err)
	}
	if d.control != nil {
		return d.control(network, resolved)
	}
	return nil
}

// target parses the arguments of a call of dial.
func (d *dialer) target(ctx context.Context, network, address string) (target, error) {
	protocol, _, _ := strings.Cut(network, ":")
	switch protocol {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
	case "ip", "ip4", "ip6":
		h, err := parseHost(address)
		return target{host: h, port: noPort}, err
	default:
		return target{}, fmt.Errorf("the network %q is not one of tcp, udp and ip", bounded(network))
	}
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return target{}, errors.New("it is not of the form host:port")
	}
	h, err := parseHost(name)
	if err != nil {
		return target{}, err
	}
	port, err := parsePort(service)
	if err != nil {
		port, err = d.lookupPort(ctx, network, service)
	}
	return target{host: h, port: port}, err
}

func (d *dialer) lookupPort(ctx context.Context, network, service string) (int, error) {
	port, err := d.resolver.LookupPort(ctx, network, service)
	if err == nil && port == 0 {
		err = errors.New("port 0 cannot be connected to")
	}
	return port, err
}

// notAllowed returns the error for a target, an address or a host.
func notAllowed(text string, reason error) error {
	return fmt.Errorf("%q is %w: %w", bounded(text), ErrNotAllowed, reason)
}
