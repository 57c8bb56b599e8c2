package exporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter/probe"
)

// Exporter is an exporter whose steps the program calls itself. [Run] performs all of them:
//
//	e, err := exporter.New(config)  // then
//	e.AddFlags(app)                 // and parse them, then
//	err = e.Load(ctx)               // and
//	err = e.Serve(ctx)              // or serve e.Handler(), and in the end
//	err = e.Close(ctx)
//
// Its methods are safe for concurrent use once Load has returned. The program decides when to call
// Reload. Serve also calls it for SIGHUP and POST /-/reload.
type Exporter struct {
	config   Config
	offered  []Collector // Config.Collectors and the collector of Config.Ping
	web      webFlags
	enabling enablingFlags
	registry *metric.ContextRegistry
	log      lateLogger
	probes   *probe.Handler // nil if there are no probers

	// loading holds a value while a configuration is being loaded.
	loading chan struct{}
	current atomic.Pointer[configuration] // nil before the first Load and after Close
	reloads *reloader
	prepare func() error // applies the flags, once; see prepareOnce
	server  *webServer   // made by prepare

	// using is held by Close and while a configuration becomes the current one. It guards closed and
	// last.
	using  sync.Mutex
	closed bool
	last   *configuration // the configuration that Close found, or nil
}

// New returns an exporter. It returns an error if the config is invalid.
func New(config Config) (*Exporter, error) {
	config.Namespace = cmp.Or(config.Namespace, namespaceOf(config.Name))
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("exporter: %w", err)
	}
	e := &Exporter{config: config, loading: make(chan struct{}, 1)}
	e.offered = config.collectors()
	e.registry = metric.NewContextRegistry(append([]metric.RegistryOption{
		metric.WithSelfMetrics(config.Namespace), metric.WithLogger(slog.New(&e.log)),
	}, config.RegistryOptions...)...)
	e.prepare = sync.OnceValue(e.prepareOnce)
	e.reloads = newReloader(config.Namespace, slog.New(&e.log), func(ctx context.Context) error {
		// The toolkit reads the file again for each request.
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

// AddFlags registers the flags of the exporter, of its collectors and of the program. The program must
// parse them before it calls [Exporter.Load].
func (e *Exporter) AddFlags(f Flagger) {
	e.web.add(f, &e.config)
	e.enabling.add(f, e.offered)
	if e.config.Flags != nil {
		e.config.Flags(f)
	}
}

// Registry returns the registry that runs the collectors. Programs may register more collectors with it.
func (e *Exporter) Registry() *metric.ContextRegistry { return e.registry }

// logger returns the logger that the flags configure.
func (e *Exporter) logger() *slog.Logger {
	return e.log.use(func() *slog.Logger { return e.web.logger(&e.config, nil) })
}

// Load reads the configuration for the first time, makes the collectors and registers them. It waits at
// most some seconds for backends: a backend that is down is not an error. A program may call Load again
// after it has failed.
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

// prepareOnce does what must be done only once, after the flags have been parsed and checked.
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

// parts returns the parts of the web server, without probes.
func (e *Exporter) parts() webParts {
	return webParts{
		name: e.config.Name, description: e.config.Description, flags: &e.web, logger: e.logger(),
		metrics: e.scraped(e.web.metricsHandler(e.registry, e.registry)),
		status:  metric.StatusHandler(e.registry),
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

// errNotLoaded is the error of methods that need a configuration while none is loaded.
var errNotLoaded = errors.New("exporter: there is no configuration: it has not been loaded, or the exporter is closed")

// Reload reads the configuration again and applies it. Collectors whose settings are the same stay, with
// their caches and connections. Scrapes in flight finish with the collectors that they began with. If
// Reload returns an error, nothing has changed. Concurrent calls run one after the other. A call returns
// when ctx is done, and after a minute at the latest.
func (e *Exporter) Reload(ctx context.Context) error {
	if e.current.Load() == nil {
		return errNotLoaded
	}
	return e.reloads.reload(ctx)
}
