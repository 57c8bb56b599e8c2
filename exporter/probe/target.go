package probe

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// maxTarget is the length limit of a target, in bytes.
const maxTarget = 4096

// target is a parsed target.
type target struct {
	host host
	port int // may be unknownPort
}

// errNoNetwork is the error for targets that are files or Unix sockets.
var errNoNetwork = errors.New("it is a path or a Unix socket; only hosts can be targets")

var errTargetForm = errors.New("allowed are a host, host:port or a URL")

// defaultPorts maps schemes to the ports of URLs without a port.
var defaultPorts = map[string]int{
	"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "ssh": 22, "sftp": 22, "ldap": 389, "ldaps": 636,
	"smtp": 25, "smtps": 465, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995, "dns": 53,
	"postgres": 5432, "postgresql": 5432, "mysql": 3306, "sqlserver": 1433, "oracle": 1521, "mongodb": 27017,
	"redis": 6379, "rediss": 6379, "memcached": 11211, "amqp": 5672, "amqps": 5671, "mqtt": 1883, "mqtts": 8883,
}

// parseTarget parses a target: a host, host:port, a URL, or a URL without its scheme.
func parseTarget(text string) (target, error) {
	switch {
	case text == "":
		return target{}, errors.New("it is empty")
	case len(text) > maxTarget:
		return target{}, errors.New("it is too long")
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == 0xfffd }):
		return target{}, errors.New("it has blanks, backslashes or characters that are not printable")
	case strings.HasPrefix(text, "/"), strings.HasPrefix(text, "."), strings.HasPrefix(text, "@"),
		strings.HasPrefix(strings.ToLower(text), "unix:"):
		return target{}, errNoNetwork
	}
	if _, err := netip.ParseAddr(text); err == nil {
		h, err := parseHost(text)
		return target{host: h, port: unknownPort}, err
	}
	if strings.Contains(text, "://") || strings.ContainsAny(text, "/?#@") {
		return parseURL(text)
	}
	return parseAuthority(text)
}

func parseURL(text string) (target, error) {
	hasScheme := strings.Contains(text, "://")
	if !hasScheme {
		text = "//" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		// The error of url.Parse contains the whole URL.
		return target{}, errors.New("the URL is not valid")
	}
	if hasScheme && u.Scheme == "" || u.Opaque != "" {
		return target{}, errTargetForm
	}
	if u.Host == "" {
		return target{}, errNoNetwork
	}
	t, err := parseAuthority(u.Host)
	if err == nil && t.port == unknownPort {
		if port, ok := defaultPorts[u.Scheme]; ok {
			t.port = port
		}
	}
	return t, err
}

// parseAuthority parses a host or host:port.
func parseAuthority(text string) (target, error) {
	name, port, hasPort, err := splitHostPort(text)
	if err != nil {
		return target{}, err
	}
	t := target{port: unknownPort}
	if hasPort {
		if t.port, err = parsePort(port); err != nil {
			return target{}, err
		}
	}
	if t.host, err = parseHost(name); err != nil {
		return target{}, err
	}
	return t, nil
}

// splitHostPort is like net.SplitHostPort, but also accepts hosts without a port.
func splitHostPort(text string) (name, port string, hasPort bool, err error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		name, rest, ok := strings.Cut(inner, "]")
		port, hasPort := strings.CutPrefix(rest, ":")
		if !ok || rest != "" && !hasPort || !strings.Contains(name, ":") {
			return "", "", false, errTargetForm
		}
		return name, port, hasPort && port != "", nil
	}
	name, port, hasPort = strings.Cut(text, ":")
	if strings.Contains(port, ":") { // IPv6 without brackets
		return text, "", false, nil
	}
	if hasPort && port == "" {
		return "", "", false, errors.New("the port is missing")
	}
	return name, port, hasPort, nil
}
