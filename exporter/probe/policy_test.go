package probe

import (
	"net/netip"
	"strings"
	"testing"
)

// lists returns the policy for patterns separated by spaces. Patterns with "!" in front of them are denied.
func lists(t testing.TB, text string) *policy {
	t.Helper()
	var targets Targets
	for one := range strings.FieldsSeq(text) {
		if denied, ok := strings.CutPrefix(one, "!"); ok {
			targets.Deny = append(targets.Deny, denied)
		} else {
			targets.Allow = append(targets.Allow, one)
		}
	}
	p, err := newPolicy(targets)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheckTarget(t *testing.T) {
	for _, test := range []struct {
		lists, target string
		want          error
	}{
		{"", "example.com", nil},
		{"", "127.0.0.1:80", nil},
		{"", "[2001:db8::1]:80", nil},
		{"", "169.254.169.254", errExplicit},
		{"", "::ffff:169.254.169.254", errExplicit},
		{"", "64:ff9b::a9fe:a9fe", errExplicit},
		{"", "2002:a9fe:a9fe::1", errExplicit},
		{"", "::169.254.169.254", errExplicit},
		{"", "64:ff9b:1::a9fe:a9fe", errExplicit},
		{"", "::ffff:0:169.254.169.254", errExplicit},
		{"!10.0.0.0/8", "64:ff9b:1::10.0.0.1", errDenied},
		{"", "[fe80::1%eth0]:80", errExplicit},
		{"", "[fd00:ec2::254]:80", errExplicit},
		{"", "0.0.0.0:80", errExplicit},
		{"", "[::]:80", errExplicit},
		{"", "::ffff:0.0.0.0", errExplicit},
		{"", "100.100.100.200", errExplicit},
		{"*", "169.254.169.254", errExplicit},
		{"0.0.0.0/0 ::/0", "169.254.169.254", errExplicit},
		{"0.0.0.0/0 ::/0", "fe80::1", errExplicit},
		{"169.254.0.0/16", "169.254.169.254", nil},
		{"169.254.169.254:80", "169.254.169.254:80", nil},
		{"169.254.169.254:80", "169.254.169.254:81", errExplicit},
		{"169.254.1.1", "169.254.169.254", errExplicit},
		{"fe80::/10", "fe80::1%eth0", nil},
		{"0.0.0.0", "0.0.0.0:80", nil},
		{"169.254.0.0/16 !169.254.169.254", "169.254.169.254", errDenied},
		{"10.0.0.0/8", "10.1.2.3", nil},
		{"10.0.0.0/8", "::ffff:10.1.2.3", nil},
		{"::ffff:10.0.0.0/104", "10.1.2.3", nil},
		{"10.0.0.0/8", "11.1.2.3", errUnlisted},
		{"10.0.0.0/8", "64:ff9b::10.1.2.3", errUnlisted},
		{"10.0.0.0/8", "any.example.com", nil}, // The name may resolve to an address in 10.0.0.0/8.
		{"10.0.0.0/8:9000-9100", "10.1.2.3:9000", nil},
		{"10.0.0.0/8:9000-9100", "10.1.2.3:9100", nil},
		{"10.0.0.0/8:9000-9100", "10.1.2.3:9101", errUnlisted},
		{"10.0.0.0/8:9000-9100", "10.1.2.3", nil}, // The prober will choose the port.
		{"10.0.0.0/8:9000-9100", "any:9101", errUnlisted},
		{"[2001:db8::/32]:443", "[2001:db8::1]:443", nil},
		{"[2001:db8::/32]:443", "[2001:db8::1]:80", errUnlisted},
		{"[2001:db8::]/32:443", "[2001:db8::1]:443", nil},
		{"2001:db8::/32", "2001:db8::1", nil},
		{"*.example.com:443", "https://a.b.example.com/", nil},
		{"*.example.com:443", "http://a.example.com/", errUnlisted},
		{"*.example.com", "example.com", errUnlisted},
		{"*.example.com", "xexample.com", errUnlisted},
		{"*.example.com", "a.example.com.evil.org", errUnlisted},
		{"*.Example.com", "A.EXAMPLE.com.", nil},
		{"*.bücher.example", "a.xn--bcher-kva.example", nil},
		{"*.example.com", "93.184.216.34", errUnlisted},
		{"*:9115", "anything:9115", nil},
		{"*:9115", "10.0.0.1:9115", nil},
		{"*:9115", "10.0.0.1:9116", errUnlisted},
		{"db:5432,6432", "db:6432", nil},
		{"db:5432,6432", "db:5433", errUnlisted},
		{"* !bad", "BAD.", errDenied},
		{"* !*.bad", "a.bad:1", errDenied},
		{"* !10.0.0.0/8:22", "10.0.0.1:22", errDenied},
		{"* !10.0.0.0/8:22", "10.0.0.1:23", nil},
		{"!10.0.0.0/8", "10.0.0.1", errDenied},
		{"!10.0.0.0/8", "64:ff9b::10.0.0.1", errDenied},
		{"!*", "a", errDenied},
	} {
		t.Run(test.lists+" "+test.target, func(t *testing.T) {
			target, err := parseTarget(test.target)
			if err != nil {
				t.Fatal(err)
			}
			if got := lists(t, test.lists).checkTarget(target); got != test.want { //nolint:errorlint // checkTarget does not wrap these errors.
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestCheckAddr(t *testing.T) {
	for _, test := range []struct {
		lists, name, addr string
		port              int
		want              error
	}{
		{"", "a", "10.0.0.1", 80, nil},
		{"", "a", "169.254.169.254", 80, errExplicit},
		{"a", "a", "10.0.0.1", 80, nil},
		{"a", "a", "169.254.169.254", 80, errExplicit},
		{"a", "a", "::ffff:169.254.169.254", 80, errExplicit},
		{"a !10.0.0.0/8", "a", "10.0.0.1", 80, errDenied},
		{"a !10.0.0.0/8", "a", "::ffff:10.0.0.1", 80, errDenied},
		{"a 169.254.0.0/16", "b", "169.254.1.1", 80, nil},
		{"10.0.0.0/8", "b", "10.0.0.1", 80, nil},
		{"10.0.0.0/8", "b", "11.0.0.1", 80, errUnlisted},
		{"10.0.0.0/8:80", "b", "10.0.0.1", 81, errUnlisted},
		{"10.0.0.0/8:80", "b", "10.0.0.1", noPort, errUnlisted},
		{"10.0.0.0/8", "b", "10.0.0.1", noPort, nil},
		{"!10.0.0.0/8:80", "b", "10.0.0.1", noPort, nil},
		{"a:80 10.0.0.0/8", "a", "11.0.0.1", 81, errUnlisted},
	} {
		t.Run(test.lists+" "+test.name+" "+test.addr, func(t *testing.T) {
			got := lists(t, test.lists).checkAddr(host{name: test.name}, netip.MustParseAddr(test.addr), test.port)
			if got != test.want { //nolint:errorlint // checkAddr does not wrap these errors.
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
