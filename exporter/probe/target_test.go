package probe

import (
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for _, test := range []struct {
		text string
		host string
		port int
	}{
		{"example.com", "example.com", unknownPort},
		{"Example.COM.", "example.com", unknownPort},
		{"example.com:9115", "example.com", 9115},
		{"my_service:80", "my_service", 80},
		{"10.0.0.1", "10.0.0.1", unknownPort},
		{"10.0.0.1:22", "10.0.0.1", 22},
		{"::1", "::1", unknownPort},
		{"2001:db8::1", "2001:db8::1", unknownPort},
		{"[2001:db8::1]", "2001:db8::1", unknownPort},
		{"[2001:DB8::1]:443", "2001:db8::1", 443},
		{"::ffff:169.254.169.254", "169.254.169.254", unknownPort},
		{"[::ffff:a9fe:a9fe]:80", "169.254.169.254", 80},
		{"fe80::1%eth0", "fe80::1", unknownPort},
		{"[fe80::1%eth0]:80", "fe80::1", 80},
		{"http://example.com", "example.com", 80},
		{"HTTPS://EXAMPLE.com/path?q=a:b@c", "example.com", 443},
		{"https://user:pa:ss@example.com:8443/", "example.com", 8443},
		{"http://good.example.com@evil.example.org/", "evil.example.org", 80},
		{"http://good.example.com#@evil.example.org/", "good.example.com", 80},
		{"http://[::1]:8080/", "::1", 8080},
		{"http://[fe80::1%25eth0]/", "fe80::1", 80},
		{"postgres://u@db/x", "db", 5432},
		{"foo://db/x", "db", unknownPort},
		{"example.com/path", "example.com", unknownPort},
		{"example.com:81/path", "example.com", 81},
		{"user@example.com:22", "example.com", 22},
		{"bücher.example", "xn--bcher-kva.example", unknownPort},
		{"http://BÜCHER.example:81", "xn--bcher-kva.example", 81},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", unknownPort},
		{"ｅｘａｍｐｌｅ.com", "example.com", unknownPort},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := parseTarget(test.text)
			if err != nil || got.host.String() != test.host || got.port != test.port {
				t.Errorf("%v %d, %v, want %s %d", got.host, got.port, err, test.host, test.port)
			}
		})
	}
}

func TestTargetsThatAreRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "a b", "a\nb", "a\x00b", "http://a\\@b/", "a\\b", "\xff",
		"2130706433", "0x7f.1", "0x7f000001", "127.1", "010.0.0.1", "0177.0.0.1", "127.0.0.1.", "10.0.0.256", "1.2.3.4.5", "http://0x7f.1/", "http://2130706433/",
		"１２７.0.0.1", "127。0。0。1", "http://１０.0.0.1/",
		"/var/run/docker.sock", "unix:/var/run/docker.sock", "unix:///var/run/docker.sock", "UNIX:x", "./sock", "@abstract", "file:///etc/passwd", "http+unix://%2Frun%2Fx/",
		"host:", "host:0", "host:65536", "host:http", "host:-1", "host:+1", ":80", "http://", "http://:80/", "http:///x", "://x", "mailto:x", "a..b", ".a",
		"[10.0.0.1]:80", "[::1", "::1]", "[::1]80", "[::1]x:80", "[]:80", "1::2::3", "a%b", "a:b:c",
		"http://%31%30.0.0.1/", "http://a,b/", "http://a b/", "u:p@tcp(host:3306)/", "host=a port=5", "a;b", "a$b", "a`b`", strings.Repeat("a", 254), strings.Repeat("a/", maxTarget),
	} {
		t.Run(text, func(t *testing.T) {
			if got, err := parseTarget(text); err == nil {
				t.Errorf("%+v, want an error", got)
			}
		})
	}
}

func TestPatternErrors(t *testing.T) {
	for _, text := range []string{
		"", "*.", "a*", "*a", "*.*", "a.*.b", "*.10.0.0.1", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "/8", "[10.0.0.0/8]:80", "a:", "a:0", "a:x", "a:80-", "a:-80", "a:90-80", "a:80,",
		"[::1", "[::1]x", "[::1]:", "http://a", "a/b", "0x7f.1", "127.1", "::ffff:0.0.0.0/90", "*:70000", "a b",
	} {
		t.Run(text, func(t *testing.T) {
			if p, err := parsePattern(text); err == nil {
				t.Errorf("%+v, want an error", p)
			} else if text != "" && !strings.Contains(err.Error(), text) {
				t.Errorf("the error %q does not name the pattern", err)
			}
		})
	}
}
