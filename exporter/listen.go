package exporter

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/mdlayher/vsock"
)

// vsockScheme is the prefix of addresses for the transport between virtual machines.
const vsockScheme = "vsock://"

// listen listens on all addresses, or takes the sockets from systemd. If one of them cannot be used, it
// closes the others and returns an error for each that cannot.
func (w *webFlags) listen() ([]net.Listener, error) {
	if socket := w.toolkit.WebSystemdSocket; socket != nil && *socket {
		return systemdListeners(activation.Listeners)
	}
	addresses := *w.toolkit.WebListenAddresses
	if len(addresses) == 0 {
		return nil, errors.New("--web.listen-address: no address")
	}
	var listeners []net.Listener
	var errs []error
	for _, address := range addresses {
		l, err := listenOn(address)
		if err != nil {
			errs = append(errs, fmt.Errorf("--web.listen-address=%s: %w", address, err))
			continue
		}
		listeners = append(listeners, l)
	}
	if len(errs) > 0 {
		closeAll(listeners)
		return nil, errors.Join(errs...)
	}
	return listeners, nil
}

// listenOn listens on host:port or vsock://:port.
func listenOn(address string) (net.Listener, error) {
	if !strings.HasPrefix(address, vsockScheme) {
		return net.Listen("tcp", address)
	}
	port, err := vsockPort(address)
	if err != nil {
		return nil, err
	}
	return vsock.Listen(port, nil)
}

// vsockPort returns the port of an address such as vsock://:9100. Such ports have 32 bits.
func vsockPort(address string) (uint32, error) {
	const want = "want vsock://:port"
	u, err := url.Parse(address)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", want, err)
	}
	_, text, err := net.SplitHostPort(u.Host)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", want, err)
	}
	port, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", want, err)
	}
	return uint32(port), nil
}

// systemdListeners returns the listeners that sockets returns. Like activation.Listeners, sockets returns
// nil in place of sockets that are not stream sockets.
func systemdListeners(sockets func() ([]net.Listener, error)) ([]net.Listener, error) {
	const flag = "--web.systemd-socket"
	listeners, err := sockets()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	if len(listeners) == 0 {
		return nil, fmt.Errorf("%s: systemd has passed no socket: is the exporter started by a socket unit?", flag)
	}
	for i, l := range listeners {
		if l == nil {
			closeAll(listeners)
			return nil, fmt.Errorf("%s: socket %d is not a stream socket: use ListenStream= in the socket unit", flag, i+1)
		}
	}
	return listeners, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		if l != nil {
			_ = l.Close() // It may already be closed.
		}
	}
}
