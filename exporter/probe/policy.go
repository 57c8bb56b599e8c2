package probe

import (
	"errors"
	"fmt"
	"net/netip"
)

// policy decides which targets are allowed. It is immutable.
type policy struct {
	allow, deny []pattern
}

// explicit lists prefixes whose addresses are allowed only by a pattern that is within one of them. A
// probe of such an address reveals details of the exporter's machine, or reaches the machine itself.
var explicit = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),     // link-local, and most metadata services
	netip.MustParsePrefix("fe80::/10"),          // link-local
	netip.MustParsePrefix("0.0.0.0/8"),          // unspecified
	netip.MustParsePrefix("::/128"),             // unspecified
	netip.MustParsePrefix("fd00:ec2::254/128"),  // Amazon EC2
	netip.MustParsePrefix("fd00:ec2::23/128"),   // Amazon EKS
	netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle Cloud
}

// Reasons of refusals. Clients see them, so they do not say what is allowed.
var (
	errDenied   = errors.New("it is denied")
	errExplicit = errors.New("link-local, unspecified and cloud metadata addresses must be allowed explicitly")
	errUnlisted = errors.New("it is not in the list of allowed targets")
)

// newPolicy returns the policy for the lists in t.
func newPolicy(t Targets) (*policy, error) {
	p := &policy{}
	var errs []error
	parse := func(key string, texts []string) (all []pattern) {
		for i, text := range texts {
			one, err := parsePattern(text)
			if err != nil {
				errs = append(errs, fmt.Errorf("targets.%s[%d]: %w", key, i, err))
				continue
			}
			all = append(all, one)
		}
		return all
	}
	p.allow, p.deny = parse("allow", t.Allow), parse("deny", t.Deny)
	return p, errors.Join(errs...)
}

// checkTarget returns an error if a target is refused regardless of the address that its name resolves
// to and the port that the prober chooses.
func (p *policy) checkTarget(t target) error {
	if t.host.addr.IsValid() {
		return p.checkAddr(t.host, t.host.addr, t.port)
	}
	for i := range p.deny {
		if p.deny[i].hasName(t.host.name) && p.deny[i].hasPort(t.port, false) {
			return errDenied
		}
	}
	if len(p.allow) == 0 {
		return nil
	}
	for i := range p.allow {
		a := &p.allow[i]
		if (a.kind == addresses || a.hasName(t.host.name)) && a.hasPort(t.port, true) {
			return nil
		}
	}
	return errUnlisted
}

// checkAddr returns an error unless a connection to h is allowed. The name of h has resolved to addr.
func (p *policy) checkAddr(h host, addr netip.Addr, port int) error {
	addr = addr.WithZone("").Unmap()
	faces := facesOf(addr)
	for i := range p.deny {
		d := &p.deny[i]
		if (h.name != "" && d.hasName(h.name) || anyFace(faces, d.hasAddr)) && d.hasPort(port, false) {
			return errDenied
		}
	}
	if anyFace(faces, isExplicit) {
		for i := range p.allow {
			a := &p.allow[i]
			if a.kind == addresses && isNarrow(a.prefix) && anyFace(faces, a.hasAddr) && a.hasPort(port, true) {
				return nil
			}
		}
		return errExplicit
	}
	if len(p.allow) == 0 {
		return nil
	}
	for i := range p.allow {
		a := &p.allow[i]
		if (h.name != "" && a.hasName(h.name) || a.hasAddr(addr)) && a.hasPort(port, true) {
			return nil
		}
	}
	return errUnlisted
}

func isExplicit(addr netip.Addr) bool {
	for _, prefix := range explicit {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// isNarrow reports whether the prefix is within one of the prefixes in explicit.
func isNarrow(prefix netip.Prefix) bool {
	for _, e := range explicit {
		if e.Contains(prefix.Addr()) && prefix.Bits() >= e.Bits() {
			return true
		}
	}
	return false
}

func anyFace(faces []netip.Addr, has func(netip.Addr) bool) bool {
	for _, face := range faces {
		if has(face) {
			return true
		}
	}
	return false
}

var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")  // RFC 8215; the networks in it are usually /96.
	translated = netip.MustParsePrefix("::ffff:0:0:0/96") // RFC 2765.
	sixToFour  = netip.MustParsePrefix("2002::/16")
	compatible = netip.MustParsePrefix("::/96")
)

// facesOf returns an address and the IPv4 addresses that translators or tunnels may turn it into.
func facesOf(addr netip.Addr) []netip.Addr {
	if !addr.Is6() {
		return []netip.Addr{addr}
	}
	bytes := addr.As16()
	switch {
	case addr == netip.IPv6Unspecified(), addr == netip.IPv6Loopback():
		return []netip.Addr{addr}
	case nat64.Contains(addr), localNAT64.Contains(addr), translated.Contains(addr), compatible.Contains(addr):
		return []netip.Addr{addr, netip.AddrFrom4([4]byte(bytes[12:16]))}
	case sixToFour.Contains(addr):
		return []netip.Addr{addr, netip.AddrFrom4([4]byte(bytes[2:6]))}
	default:
		return []netip.Addr{addr}
	}
}
