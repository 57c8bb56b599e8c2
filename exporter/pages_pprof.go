package exporter

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"time"
)

// maxProfileTime is the longest duration of a CPU profile or a trace.
const maxProfileTime = 5 * time.Minute

// addProfiles serves profiles at the paths that "go tool pprof" and "go tool trace" know. It does not
// use package net/http/pprof, because importing that adds handlers to http.DefaultServeMux, and the
// program may serve that mux elsewhere.
func addProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/{$}", serveProfileIndex)
	mux.HandleFunc("GET /debug/pprof/{name}", serveProfile)
	mux.HandleFunc("GET /debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
		serveTimed(w, r, 30*time.Second, func() error { return pprof.StartCPUProfile(w) }, pprof.StopCPUProfile)
	})
	mux.HandleFunc("GET /debug/pprof/trace", func(w http.ResponseWriter, r *http.Request) {
		serveTimed(w, r, time.Second, func() error { return trace.Start(w) }, trace.Stop)
	})
}

func serveProfileIndex(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var text strings.Builder
	for _, p := range pprof.Profiles() {
		fmt.Fprintf(&text, "%s (%d)\n", p.Name(), p.Count())
	}
	text.WriteString("profile?seconds=30 (of the CPU)\ntrace?seconds=1\n")
	fmt.Fprint(w, text.String())
}

// serveProfile serves the profile whose name the path ends with. It serves text if the parameter debug
// is positive, and collects garbage first if the parameter gc is positive.
func serveProfile(w http.ResponseWriter, r *http.Request) {
	profile := pprof.Lookup(r.PathValue("name"))
	if profile == nil {
		http.Error(w, "unknown profile; see /debug/pprof/", http.StatusNotFound)
		return
	}
	if gc, _ := strconv.Atoi(r.FormValue("gc")); gc > 0 {
		runtime.GC()
	}
	debug, _ := strconv.Atoi(r.FormValue("debug"))
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	} else {
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	_ = profile.WriteTo(w, debug) // It fails if the client has gone away.
}

// serveTimed records for the number of seconds in the request, or until the client goes away.
func serveTimed(w http.ResponseWriter, r *http.Request, d time.Duration, start func() error, stop func()) {
	if text := r.FormValue("seconds"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || !(seconds > 0 && seconds <= maxProfileTime.Seconds()) {
			http.Error(w, fmt.Sprintf("seconds=%q must be a number from 0 to %v", text, maxProfileTime.Seconds()), http.StatusBadRequest)
			return
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := start(); err != nil {
		http.Error(w, err.Error(), http.StatusConflict) // Another one is in progress.
		return
	}
	defer stop()
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
