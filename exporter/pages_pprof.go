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

// maxProfileTime is how long a profile of the CPU or a trace may take.
const maxProfileTime = 5 * time.Minute

// addProfiles serves profiles at the paths that "go tool pprof" and "go tool trace" know. Package
// net/http/pprof is not imported, because importing it adds its handlers to
// http.DefaultServeMux, which programs may serve elsewhere.
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

// serveProfile serves the profile of a name: as text if the parameter debug is positive, after a
// garbage collection if the parameter gc is.
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
	_ = profile.WriteTo(w, debug) // The client has gone away.
}

// serveTimed records for as many seconds as the request says, or until the client goes away.
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
		http.Error(w, err.Error(), http.StatusConflict) // There is another one under way.
		return
	}
	defer stop()
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
