package exporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	metrics "github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter/probe"
)

// Exporter is an exporter whose parts a program puts together itself; [Run] does all of it:
//
//	e, err := exporter.New(config)  // then
//	e.AddFlags(app)                 // and parse them, then
//	err = e.Load(ctx)               // and
//	err = e.Serve(ctx)              // or serve e.Handler(), and in the end
//	err = e.Close(ctx)
//
// Its methods are safe for concurrent use once Load has returned. The program chooses when to call
// Reload; Serve does it for SIGHUP and POST /-/reload.
type Exporter struct {
	config   Config
	offered  []Collector // Config.Collectors and that of Config.Ping.
	web      webFlags
	enabling enablingFlags
	registry *metrics.ContextRegistry
	log      lateLogger
	probes   *probe.Handler // Nil if there are no probers.

	// loading holds a value while a configuration is loaded.
	loading chan struct{}
	current atomic.Pointer[configuration] // Nil before the first Load and after Close.
	reloads *reloader
	prepare func() error // Does once what flags decide; see prepareOnce.
	server  *webServer   // Made by prepare.

	// using is held while a configuration becomes the current one, and by Close. It guards closed
	// and last.
	using  sync.Mutex
	closed bool
	last   *configuration // The one that was current when the exporter was closed, or nil.
}

// New returns an exporter. It is an error if the config is not valid.
func New(config Config) (*Exporter, error) {
	config.Namespace = cmp.Or(config.Namespace, namespaceOf(config.Name))
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("exporter: %w", err)
	}
	e := &Exporter{config: config, loading: make(chan struct{}, 1)}
	e.offered = config.collectors()
	e.registry = metrics.NewContextRegistry(append([]metrics.RegistryOption{
		metrics.WithSelfMetrics(config.Namespace), metrics.WithLogger(slog.New(&e.log)),
	}, config.RegistryOptions...)...)
	e.prepare = sync.OnceValue(e.prepareOnce)
	e.reloads = newReloader(config.Namespace, slog.New(&e.log), func(ctx context.Context) error {
		// The toolkit reads it again for each request.
		if err := e.web.checkWebConfig(); err != nil {
			return err
		}
		return e.change(ctx)
	})
	for _, c := range e.reloads.collectors() {
		if err := e.registry.Register(c); err != nil {
			return nil, fmt.Errorf("exporter: %w", err)
		}
	}
	return e, nil
}

// AddFlags registers the flags of the exporter and its collectors, and those of the program. They
// must be parsed before Load.
func (e *Exporter) AddFlags(f Flagger) {
	e.web.add(f, &e.config)
	e.enabling.add(f, e.offered)
	if e.config.Flags != nil {
		e.config.Flags(f)
	}
}

// Registry returns the registry that runs the collectors, with which programs may register more.
func (e *Exporter) Registry() *metrics.ContextRegistry { return e.registry }

// logger returns the logger that the flags configure.
func (e *Exporter) logger() *slog.Logger {
	return e.log.use(func() *slog.Logger { return e.web.logger(&e.config, nil) })
}

// Load reads the configuration for the first time, makes the collectors and registers them. It
// waits some seconds for backends at most: one that is down is no error. A Load that has failed may be
// tried again.
func (e *Exporter) Load(ctx context.Context) error {
	if e.current.Load() != nil {
		return errors.New("exporter: the configuration has been loaded already: use Reload")
	}
	if err := e.web.check(e.config.Pages); err != nil {
		return err
	}
	if err := e.prepare(); err != nil {
		return err
	}
	if err := e.change(ctx); err != nil {
		return err
	}
	e.reloads.succeed()
	return nil
}

// prepareOnce does what is done once, after the flags have been parsed and checked.
func (e *Exporter) prepareOnce() error {
	if err := registerAbout(e.registry, &e.config, !e.web.disableExporterMetrics); err != nil {
		return fmt.Errorf("exporter: %w", err)
	}
	parts := e.parts()
	if len(e.config.Probers) > 0 {
		var err error
		e.probes, err = probe.NewHandler(probe.Opts{
			Probers: e.config.Probers, TimeoutOffset: e.web.probeOffset(), Logger: e.logger(),
			Registerer: e.registry, Namespace: e.config.Namespace,
		})
		if err != nil {
			return err
		}
		parts.probe, parts.recent = e.probes, e.probes.Recent()
	}
	var err error
	e.server, err = newWebServer(parts)
	return err
}

// parts returns what the web server serves, without probes.
func (e *Exporter) parts() webParts {
	return webParts{
		name: e.config.Name, description: e.config.Description, flags: &e.web, logger: e.logger(),
		metrics: e.scraped(e.web.metricsHandler(e.registry, e.registry)),
		status:  metrics.StatusHandler(e.registry),
		pages:   e.config.Pages,
		shown: func() ([]byte, error) {
			if c := e.current.Load(); c != nil {
				return c.file.shown()
			}
			return nil, errNotLoaded
		},
		ready:  func() bool { return e.current.Load() != nil },
		reload: e.Reload, listening: e.config.Listening,
	}
}

// errNotLoaded is the error where there is no configuration.
var errNotLoaded = errors.New("exporter: there is no configuration: it has not been loaded, or the exporter is closed")

// Reload reads the configuration again and has it take effect. Collectors that are the same as
// before stay as they are, with their caches and connections; scrapes under way finish with
// what they have begun with. If it returns an error, nothing has changed. Calls wait for each
// other. They return when ctx is done, and after a minute at the latest.
func (e *Exporter) Reload(ctx context.Context) error {
	if e.current.Load() == nil {
		return errNotLoaded
	}
	return e.reloads.reload(ctx)
}
