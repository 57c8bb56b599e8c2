package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/luxfi/metric/internal/redact"
)

// webParts are the parts of the web server. Only the flags, the logger and the handlers for metrics and
// status are required.
type webParts struct {
	name, description string
	flags             *webFlags // already checked
	logger            *slog.Logger

	metrics http.Handler
	status  http.Handler
	probe   http.Handler // nil if there are no probers
	recent  http.Handler // the page of recent probes; nil if there are no probers
	pages   []Page       // already checked

	// shown returns the configuration for /config, with secrets hidden.
	shown func() ([]byte, error)
	// ready reports whether the configuration has been loaded.
	ready func() bool
	// reload loads the configuration again. Calls do not overlap.
	reload func(ctx context.Context) error
	// listening is Config.Listening.
	listening func(addresses []net.Addr)
}

// webServer serves the pages of an exporter.
type webServer struct {
	webParts
	handler http.Handler // all pages, inside guard

	draining atomic.Bool
	inFlight atomic.Int64 // requests in flight
}

// newWebServer returns a server of these parts. It returns an error if their paths collide.
func newWebServer(parts webParts) (*webServer, error) {
	s := &webServer{webParts: parts}
	mux, err := s.mux()
	if err != nil {
		return nil, err
	}
	s.handler = s.guard(prefixed(s.flags.prefix(), mux))
	return s, nil
}

// mux returns the pages without the route prefix.
func (s *webServer) mux() (mux *http.ServeMux, err error) {
	mux = http.NewServeMux()
	defer func() {
		// The paths have been checked, but ServeMux may still find a conflict.
		if r := recover(); r != nil {
			mux, err = nil, fmt.Errorf("pages: %v", r)
		}
	}()
	if s.flags.telemetryPath == "/" {
		mux.Handle("/{$}", s.metrics)
	} else {
		landing, err := s.landingPage()
		if err != nil {
			return nil, err
		}
		mux.Handle("GET /{$}", landing)
		mux.Handle(s.flags.telemetryPath, s.metrics)
	}
	mux.Handle("GET /status", s.status)
	if s.shown != nil {
		mux.HandleFunc("GET /config", s.serveConfig)
	}
	if s.probe != nil {
		mux.Handle("/probe", s.probe)
	}
	if s.recent != nil {
		mux.Handle("GET /probes", s.recent)
	}
	mux.HandleFunc("GET /-/healthy", s.serveHealthy)
	mux.HandleFunc("GET /-/ready", s.serveReady)
	if s.flags.reload && s.reload != nil {
		mux.HandleFunc("POST /-/reload", s.serveReload)
	}
	if s.flags.pprof {
		addProfiles(mux)
	}
	for _, page := range s.pages {
		mux.Handle(page.Path, page.Handler)
	}
	return mux, nil
}

// prefixed serves h under a prefix, which is empty or "/prefix", and redirects / to that prefix.
func prefixed(prefix string, h http.Handler) http.Handler {
	if prefix == "" {
		return h
	}
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, h))
	mux.Handle("/{$}", http.RedirectHandler(prefix+"/", http.StatusFound))
	return mux
}

// serveConfig serves the configuration as plain text. The program's part may contain credentials outside of a
// Secret, for example in the URL of a backend, so serveConfig hides everything that looks like a credential.
func (s *webServer) serveConfig(w http.ResponseWriter, _ *http.Request) {
	text, err := s.shown()
	if err != nil {
		http.Error(w, redact.Text(err.Error()), http.StatusInternalServerError)
		return
	}
	if len(text) == 0 {
		text = []byte("# The configuration is empty.\n")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, redact.Text(string(text)))
}
