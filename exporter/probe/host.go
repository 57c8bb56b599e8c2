package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"github.com/luxfi/metric/internal/redact"
)

// host is the host in a target.
type host struct {
	name string     // lower-case ASCII without a trailing dot; empty if addr is valid
	addr netip.Addr // without a zone, and not IPv4-mapped; invalid if name is set
}

// maxHost is the length of the longest DNS name.
const maxHost = 253

var (
	errNoHost     = errors.New("it has no host")
	errAmbiguous  = errors.New("the host is an unusual form of an IP address, which programs read differently; write it as in 192.0.2.1")
	errHostLength = errors.New("the name of the host is too long")
)

// parseHost parses a host name or an IP address without brackets. It refuses forms that some programs
// interpret as an address and others as a name.
func parseHost(text string) (host, error) {
	if text == "" {
		return host{}, errNoHost
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		return host{addr: addr.WithZone("").Unmap()}, nil
	}
	if strings.ContainsAny(text, ":%[]") {
		return host{}, errors.New("the IP address of the host is not valid")
	}
	name, err := asciiName(text)
	if err != nil {
		return host{}, err
	}
	name = strings.TrimSuffix(name, ".")
	if name == "" {
		return host{}, errNoHost
	}
	if len(name) > maxHost {
		return host{}, errHostLength
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return host{}, fmt.Errorf("the name of the host %q is not valid", bounded(name))
		}
	}
	if endsInNumber(name) {
		return host{}, errAmbiguous
	}
	return host{name: name}, nil
}

// asciiName returns the name in lower case, in Punycode if it is not ASCII.
func asciiName(text string) (string, error) {
	for i := range len(text) {
		if text[i] < 0x80 {
			continue
		}
		name, err := idna.Lookup.ToASCII(text)
		if err != nil {
			return "", fmt.Errorf("the name of the host %q is not valid: %w", bounded(text), err)
		}
		return name, nil
	}
	return strings.ToLower(text), nil
}

// endsInNumber reports whether the last label of a name is a number, in decimal, octal or hexadecimal.
// No top-level domain is a number. See https://url.spec.whatwg.org/#ends-in-a-number-checker.
func endsInNumber(name string) bool {
	label := name[strings.LastIndexByte(name, '.')+1:]
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	digits, isHex := strings.CutPrefix(label, "0x")
	return isHex && strings.Trim(digits, "0123456789abcdef") == ""
}

func (h host) String() string {
	if h.addr.IsValid() {
		return h.addr.String()
	}
	return h.name
}

// maxQuoted is how much of a client's text errors quote, in bytes.
const maxQuoted = 200

// bounded returns the beginning of a text. It hides credentials before it cuts the text, because half a
// credential may not look like one.
func bounded(text string) string {
	if len(text) <= maxQuoted {
		return text
	}
	if text = redact.Text(text); len(text) <= maxQuoted {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuoted], "") + "…"
}
