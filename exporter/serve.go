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

// Handler returns the handler of all pages of the exporter, without authentication. It panics if
// [Exporter.Load] has not been called.
func (e *Exporter) Handler() http.Handler {
	if e.server == nil {
		panic("exporter: Handler is called before Load")
	}
	return e.server.handler
}

// Serve listens as the flags say and serves the pages until ctx is done. Then it drains: it reports that
// it is not ready, accepts no more connections, and waits for the requests in flight for at most
// --web.drain-timeout. It returns an error if an address cannot be used, if a listener fails, or if it
// had to cut off requests. On Unix, SIGHUP reloads the configuration while Serve runs. Serve must be
// called only once, after [Exporter.Load].
func (e *Exporter) Serve(ctx context.Context) error {
	if e.server == nil {
		return errNotLoaded
	}
	return e.server.serve(ctx)
}

const (
	// readHeaderTimeout is how long a client may take to send the header of a request.
	readHeaderTimeout = 10 * time.Second
	// idleTimeout is how long a connection may stay open without a request. Prometheus closes idle
	// connections after 5 minutes. A server with a shorter timeout than its client would close
	// connections just when the next scrape is sent on them.
	idleTimeout = 10 * time.Minute
	// maxHeaderBytes has room for a request that selects hundreds of collectors by name.
	maxHeaderBytes = 64 << 10
	// cutTimeout is how long requests that were cut off may take to return.
	cutTimeout = time.Second
)

// serve listens and serves until ctx is done or a listener fails, and then drains.
func (s *webServer) serve(ctx context.Context) error {
	// A broken file must be reported before anything listens.
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

// serveOn serves on the listeners, and closes them.
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

// newServer returns a server of all pages. Each listener needs a server of its own, because
// exporter-toolkit changes the handler and the TLS configuration of the server it gets.
func (s *webServer) newServer(ctx context.Context) *http.Server {
	base := context.WithoutCancel(ctx) // Requests in flight outlive ctx.
	return &http.Server{
		Handler:           s.handler,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(errorLog{s.logger}, "", 0),
		// There is no ReadTimeout, because it would end the context of a longer scrape, and no
		// WriteTimeout, because the metrics handler has its own deadlines and other pages may stream.
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

// runBackground calls [Config.Listening], and reloads on SIGHUP until ctx is done. It returns a channel
// that is closed when both have ended.
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
