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

	"github.com/luxfi/metric"
)

// ErrNotAllowed is the error that [Probe.Client] and [Probe.DialContext] wrap if the configuration does
// not allow a host or an address.
var ErrNotAllowed = errors.New("not an allowed target")

// Prober describes a way of probing targets that modules in the configuration can use.
type Prober struct {
	// Name is the name by which modules refer to the prober. It may be empty for a program's only
	// prober.
	Name string
	// Settings, if not nil, returns a pointer to a struct for the prober's part of a module, filled with
	// defaults. It must not have the keys prober and timeout.
	Settings func() any
	// New returns the function that probes targets with the settings of a module. It is called for each
	// module whenever the configuration is loaded, and must not wait for anything. The function is
	// called concurrently for many targets.
	New func(m *Module) (Func, error)
}

// Func probes a target. It should return soon after ctx is done. If it returns an error, panics, or does
// not return in time, the probe has failed and probe_success is 0. The answer still contains the metrics
// that Func has set until then.
//
// A Func that does not return in time is abandoned. It may go on using the Probe, but without any
// effect. The package documentation describes which limits it counts against.
type Func func(ctx context.Context, p *Probe) error

// Module is a module in the configuration.
type Module struct {
	Name     string
	Timeout  time.Duration // 0 if the module has none
	Settings any           // result of Prober.Settings, with the module's values

	// TLS, which Prober.New may set, configures the connections of [Probe.Client]. It must not be
	// modified after New has returned.
	TLS *tls.Config
}

// Probe is one probe of one target.
type Probe struct {
	// Target is the target in the request. It is not empty, and it is allowed.
	Target string
	// Module is the name of the module.
	Module string
	// Params are the parameters of the request, including target and module.
	Params url.Values
	// Registry is for the metrics of this probe. It is gathered under the probe's context when Func has
	// returned or is out of time.
	Registry *metric.ContextRegistry
	// Metrics makes instruments in Registry.
	Metrics metric.Metrics
	// Logger logs to the log of the exporter at level debug, and to the log of the probe. Answers with
	// debug=true and the page of recent probes show the log of the probe.
	Logger *slog.Logger
	// Client makes requests, including redirected ones, only to allowed targets, and keeps connections
	// for later probes by the same module. It uses no proxy. Its requests end with the probe at the
	// latest. Each probe has its own Client. Func may change it, except for Transport.
	Client *http.Client
	// DialContext connects only to allowed targets, whatever their names resolve to. It supports the
	// networks tcp, udp and ip, such as "ip4:icmp". The connection has the probe's deadline.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}
