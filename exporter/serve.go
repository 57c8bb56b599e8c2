package exporter

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
)

// Handler returns the handler of all pages of the exporter, without authentication. It panics before
// Load.
func (e *Exporter) Handler() http.Handler {
	if e.server == nil {
		panic("exporter: Handler is called before Load")
	}
	return e.server.handler
}

// Serve listens as the flags say and serves the pages until ctx is done. Then it drains: it is not
// ready any more, accepts no more connections, and waits for the requests under way, for as long as
// --web.drain-timeout says. It returns an error if an address cannot be used, a listener fails, or
// requests had to be cut off. On Unix, SIGHUP reloads the configuration while Serve runs. Serve
// must be called once, after Load.
func (e *Exporter) Serve(ctx context.Context) error {
	if e.server == nil {
		return errNotLoaded
	}
	return e.server.serve(ctx)
}

const (
	// readHeaderTimeout is how long a client may take to send the header of a request.
	readHeaderTimeout = 10 * time.Second
	// idleTimeout is how long a connection is kept without a request. Prometheus closes its own
	// after 5 minutes: a server that is faster than the client closes connections just
	// when the next scrape is sent on them.
	idleTimeout = 10 * time.Minute
	// maxHeaderBytes has room for a request that selects hundreds of collectors by name.
	maxHeaderBytes = 64 << 10
	// cutTimeout is how long requests that were cut off have to notice it.
	cutTimeout = time.Second
)

// serve listens and serves until ctx is done or a listener fails, and then drains.
func (s *webServer) serve(ctx context.Context) error {
	// A broken file is an error before anything listens.
	if err := s.flags.checkWebConfig(); err != nil {
		return err
	}
	listeners, err := s.flags.listen()
	if err != nil {
		return err
	}
	s.logger.Info("Starting "+s.name, "version", version.Info())
	s.logger.Info("Build context", "build_context", version.BuildContext())
	return s.serveOn(ctx, listeners)
}

// serveOn serves on these listeners, and closes them.
func (s *webServer) serveOn(ctx context.Context, listeners []net.Listener) error {
	defer closeAll(listeners)
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	servers := make([]*http.Server, len(listeners))
	ended := make(chan error, len(listeners))
	for i, l := range listeners {
		server := s.newServer(ctx)
		servers[i] = server
		go func() { ended <- s.serveListener(l, server) }()
	}
	background := s.runBackground(ctx, listeners)

	running := len(servers)
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-ended:
		running--
		stop()
	}
	s.logger.Info("Shutting down", "timeout", s.flags.drainTimeout)
	limit, cancel := context.WithTimeout(context.Background(), s.flags.drainTimeout)
	defer cancel()
	errs := []error{failure, s.drain(limit, servers)}
	for range running {
		errs = append(errs, <-ended)
	}
	select {
	case <-background:
	case <-limit.Done(): // A function of the program hangs.
	}
	return errors.Join(errs...)
}

// newServer returns a server of all pages. Each listener has its own, since exporter-toolkit
// changes the handler and the TLS configuration of the server that it is given.
func (s *webServer) newServer(ctx context.Context) *http.Server {
	base := context.WithoutCancel(ctx) // Requests under way outlive ctx.
	return &http.Server{
		Handler:           s.handler,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(errorLog{s.logger}, "", 0),
		// No ReadTimeout: it would end the context of a scrape that takes longer. No
		// WriteTimeout: the handler of metrics has deadlines of its own, and others may stream.
	}
}

// serveListener serves on one listener until its server is shut down.
func (s *webServer) serveListener(l net.Listener, server *http.Server) error {
	address := l.Addr().String()
	if s.flags.publicHealth {
		l = &beforeAccept{Listener: l, call: func() { server.Handler = s.exemptHealth(server.Handler) }}
	}
	if err := web.Serve(l, server, s.flags.toolkit, s.logger); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", address, err)
	}
	return nil
}

// runBackground calls Config.Listening, and reloads on SIGHUP until ctx is done. The channel
// that it returns is closed when both have ended.
func (s *webServer) runBackground(ctx context.Context, listeners []net.Listener) <-chan struct{} {
	var running sync.WaitGroup
	if s.listening != nil {
		addresses := make([]net.Addr, len(listeners))
		for i, l := range listeners {
			addresses[i] = l.Addr()
		}
		running.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					s.logger.Error("Config.Listening panicked", "panic", v, "stack", string(debug.Stack()))
				}
			}()
			s.listening(addresses)
		})
	}
	if s.reload != nil {
		hangups, stop := notifyHangup()
		running.Go(func() {
			defer stop()
			s.reloadOn(ctx, hangups)
		})
	}
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	return ended
}
