package exporter

import (
	"errors"
	"net"
	"strings"
	"testing"
)

func TestListenAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	address := free.Addr().String()
	parts := testParts(t, "--web.listen-address="+address, "--web.listen-address="+taken.Addr().String(), "--web.listen-address=nonsense")
	called := false
	parts.listening = func([]net.Addr) { called = true }
	err = newTestServer(t, parts).serve(t.Context())
	wantError(t, err, "--web.listen-address="+taken.Addr().String(), "in use", "--web.listen-address=nonsense")
	if strings.Contains(err.Error(), address) || called {
		t.Errorf("error %v, Listening called: %t", err, called)
	}
	// The address that could be used is free again.
	again, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestVsockPort(t *testing.T) {
	if port, err := vsockPort("vsock://:9100"); err != nil || port != 9100 {
		t.Errorf("%d, %v", port, err)
	}
	if port, err := vsockPort("vsock://:4294967295"); err != nil || port != 1<<32-1 {
		t.Errorf("%d, %v", port, err)
	}
	for _, address := range []string{"vsock://9100", "vsock://", "vsock://:x", "vsock://:4294967296", "vsock://:-1", "vsock://%"} {
		_, err := listenOn(address)
		wantError(t, err, "vsock://:port")
	}
}

func TestSystemdListeners(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sockets := func(ls ...net.Listener) func() ([]net.Listener, error) {
		return func() ([]net.Listener, error) { return ls, nil }
	}
	if got, err := systemdListeners(sockets(l)); err != nil || len(got) != 1 || got[0] != l {
		t.Errorf("%v, %v", got, err)
	}
	_, err = systemdListeners(sockets())
	wantError(t, err, "--web.systemd-socket", "no socket")
	_, err = systemdListeners(sockets(l, nil))
	wantError(t, err, "--web.systemd-socket", "socket 2", "ListenStream=")
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the other socket is not closed: %v", err)
	}
	_, err = systemdListeners(func() ([]net.Listener, error) { return nil, errors.New("broken") })
	wantError(t, err, "--web.systemd-socket", "broken")
}
