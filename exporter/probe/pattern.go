package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Placeholders for ports.
const (
	unknownPort = -1 // The target has no port, because the prober chooses it.
	noPort      = 0  // The protocol of the connection has no ports, such as ICMP.
)

// hostKind is the kind of hosts that a pattern matches.
type hostKind int

const (
	anyHost    hostKind = iota // *
	exactHost                  // db.example.com
	subdomains                 // *.example.com
	addresses                  // 10.0.0.0/8
)

// pattern is a pattern in a list of targets.
type pattern struct {
	text   string
	kind   hostKind
	name   string       // for exactHost; for subdomains, with the leading dot
	prefix netip.Prefix // for addresses; masked, and not IPv4-mapped
	ports  []portRange  // empty means all
}

// portRange is a range of ports, including both ends.
type portRange struct{ from, to int }

var errPatternForm = errors.New("allowed are a host name, *.domain, *, an IP address or a CIDR, " +
	"each with optional ports, as in db.example.com:5432, *.example.com:80,443, 10.0.0.0/8:9000-9100 or [2001:db8::/32]:443")

func parsePattern(text string) (pattern, error) {
	p := pattern{text: text}
	host, ports, err := splitPattern(text)
	if err == nil {
		p.ports, err = parsePorts(ports)
	}
	if err == nil {
		err = p.setHost(host)
	}
	if err != nil {
		return pattern{}, fmt.Errorf("%q: %w", text, err)
	}
	return p, nil
}

// splitPattern splits a pattern into the host, without brackets, and the ports. The ports may be
// empty.
func splitPattern(text string) (host, ports string, err error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		host, rest, ok := strings.Cut(inner, "]")
		if ok && strings.HasPrefix(rest, "/") { // as in [2001:db8::]/32
			bits, after, found := strings.Cut(rest, ":")
			host += bits
			rest = ""
			if found {
				rest = ":" + after
			}
		}
		ports, colon := strings.CutPrefix(rest, ":")
		if !ok || !strings.Contains(host, ":") || colon != (ports != "") || !colon && rest != "" {
			return "", "", errPatternForm
		}
		return host, ports, nil
	}
	if strings.Count(text, ":") > 1 {
		return text, "", nil // IPv6 without brackets cannot have ports.
	}
	host, ports, colon := strings.Cut(text, ":")
	if colon && ports == "" {
		return "", "", errPatternForm
	}
	return host, ports, nil
}

func parsePorts(text string) ([]portRange, error) {
	if text == "" || text == "*" {
		return nil, nil
	}
	var all []portRange
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := parsePort(first)
		to := from
		if err == nil && isRange {
			to, err = parsePort(last)
		}
		if err != nil {
			return nil, err
		}
		if to < from {
			return nil, fmt.Errorf("the range of ports %d-%d is empty", from, to)
		}
		all = append(all, portRange{from, to})
	}
	return all, nil
}

func parsePort(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("port %q: must be a number from 1 to 65535", bounded(text))
	}
	return int(n), nil
}

func (p *pattern) setHost(host string) error {
	switch {
	case host == "*":
		return nil
	case strings.HasPrefix(host, "*."):
		h, err := parseHost(host[len("*."):])
		if err != nil {
			return err
		}
		if h.addr.IsValid() {
			return errPatternForm
		}
		p.kind, p.name = subdomains, "."+h.name
		return nil
	case strings.Contains(host, "/"):
		prefix, err := netip.ParsePrefix(host)
		if err != nil {
			return errPatternForm
		}
		return p.setPrefix(prefix)
	}
	h, err := parseHost(host)
	if err != nil {
		return err
	}
	if h.addr.IsValid() {
		return p.setPrefix(netip.PrefixFrom(h.addr, h.addr.BitLen()))
	}
	p.kind, p.name = exactHost, h.name
	return nil
}

// mappedBits is the length of the prefix of IPv4-mapped IPv6 addresses.
const mappedBits = 96

func (p *pattern) setPrefix(prefix netip.Prefix) error {
	if prefix.Addr().Is4In6() {
		if prefix.Bits() < mappedBits {
			return errors.New("the CIDR has IPv4-mapped addresses and others")
		}
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mappedBits)
	}
	if prefix != prefix.Masked() {
		return fmt.Errorf("the address has bits beyond the prefix; %v is meant, perhaps", prefix.Masked())
	}
	p.kind, p.prefix = addresses, prefix
	return nil
}

// hasName reports whether the pattern matches hosts of that name.
func (p *pattern) hasName(name string) bool {
	switch p.kind {
	case anyHost:
		return true
	case exactHost:
		return name == p.name
	case subdomains:
		return len(name) > len(p.name) && strings.HasSuffix(name, p.name)
	default:
		return false
	}
}

// hasAddr reports whether the pattern matches that address.
func (p *pattern) hasAddr(addr netip.Addr) bool {
	return p.kind == anyHost || p.kind == addresses && p.prefix.Contains(addr)
}

// hasPort reports whether the pattern matches that port. If the pattern limits ports, and port is
// unknownPort, it returns unknown.
func (p *pattern) hasPort(port int, unknown bool) bool {
	if len(p.ports) == 0 {
		return true
	}
	if port == unknownPort {
		return unknown
	}
	for _, r := range p.ports {
		if r.from <= port && port <= r.to {
			return true
		}
	}
	return false
}
