package probe

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"
)

// FuzzTarget checks that no target and no DNS answer leads to a connection outside the only allowed
// network.
func FuzzTarget(f *testing.F) {
	for _, text := range []string{
		"10.0.0.1", "10.0.0.1:80", "::ffff:11.0.0.1", "http://10.0.0.1@11.0.0.1/", "0xb.1", "2130706433", "evil.example:80",
		"[64:ff9b::a00:1]:80", "http://10.0.0.1#@evil/", "10.0.0.1.", "１０.0.0.1", "[fe80::1%25x]:1", "0:0:0:0:0:ffff:0a00:0001",
	} {
		f.Add(text, []byte{11, 0, 0, 1})
		f.Add(text, []byte{10, 0, 0, 1})
	}
	allowed := netip.MustParsePrefix("10.0.0.0/8")
	errDialled := errors.New("enough")
	f.Fuzz(func(t *testing.T, text string, resolved []byte) {
		d := &dialer{policy: lists(t, "10.0.0.0/8")}
		d.resolver = fakeDNS(func(string) []netip.Addr {
			addr, ok := netip.AddrFromSlice(resolved)
			if !ok {
				return nil
			}
			return []netip.Addr{addr}
		})
		d.control = func(_, address string) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || !allowed.Contains(to.Addr().Unmap()) {
				t.Errorf("target %q, which resolves to %v, has led to %s", text, resolved, address)
			}
			return errDialled
		}
		target, err := parseTarget(text)
		if err == nil && d.policy.checkTarget(target) != nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for _, address := range []string{text, text + ":80", "[" + text + "]:80"} {
			if conn, err := d.dial(ctx, "tcp", address, time.Time{}); err == nil {
				_ = conn.Close()
				t.Errorf("%q was dialled", address)
			}
		}
	})
}
