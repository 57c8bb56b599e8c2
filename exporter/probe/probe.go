package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	metrics "github.com/luxfi/metric"
)

// ErrNotAllowed is wrapped by the errors of [Probe.Client] and [Probe.DialContext] for a host or an
// address that the configuration does not allow.
var ErrNotAllowed = errors.New("not an allowed target")

// Prober is a way to probe targets that modules of the configuration can use.
type Prober struct {
	// Name is the name that modules call it by. It may be empty if a program has only one.
	Name string
	// Settings, if not nil, returns a pointer to a struct with the prober's own part of a
	// module, filled with defaults. It must not have the keys prober and timeout.
	Settings func() any
	// New returns the function that probes targets by a module. It is called for each module,
	// whenever the configuration is loaded, and must not wait for anything. The function is
	// called for many targets at once.
	New func(m *Module) (Func, error)
}

// Func probes a target. It should return soon after ctx is done. If it returns an error, panics or
// does not return in time, the probe has failed: probe_success is 0. The metrics that it has set by
// then are served nevertheless.
//
// A Func that does not return in time is left behind. It may go on to use the Probe, without any
// effect; see the package documentation for what it costs.
type Func func(ctx context.Context, p *Probe) error

// Module is a module of the configuration.
type Module struct {
	Name     string
	Timeout  time.Duration // 0 if the module has none.
	Settings any           // The value of Prober.Settings, with what the module says.

	// TLS, which Prober.New may set, configures the connections of [Probe.Client]. It must not be
	// changed afterwards.
	TLS *tls.Config
}

// Probe is one probe of one target.
type Probe struct {
	// Target is the target as the request has it. It is not empty, and allowed.
	Target string
	// Module is the name of the module.
	Module string
	// Params are the parameters of the request, among which target and module.
	Params url.Values
	// Registry gets the metrics of the probe, and nothing else. It is gathered, under the context of
	// the probe, when Func has returned or is out of time.
	Registry *metrics.ContextRegistry
	// Metrics makes instruments in Registry.
	Metrics metrics.Metrics
	// Logger logs to the log of the exporter at level debug, and to the log of the probe that
	// debug=true and the page of recent probes show.
	Logger *slog.Logger
	// Client makes requests to allowed targets only, redirects included, and keeps
	// connections for later probes by the same module. It uses no proxy, and ends requests with
	// the probe at the latest. Each probe has a Client of its own to change, except for Transport.
	Client *http.Client
	// DialContext connects to allowed targets only, whatever their names resolve to. It knows the
	// networks tcp, udp and ip, such as "ip4:icmp". The connection has the deadline of the probe.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}
