package cardinality

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"a"})
	typed    = metric.NewCounterVecOf[labels](metric.CounterOpts{Name: "typed_total", Help: "Requests."})
)

type labels struct{ Path string }

func paths(w http.ResponseWriter, r *http.Request) {
	requests.WithLabelValues(r.URL.Path)     // want `this label value is the path of a request, which a client chooses: use its route, r.Pattern`
	requests.WithLabelValues(r.RequestURI)   // want `the path of a request`
	requests.WithLabelValues(r.URL.String()) // want `the path of a request`
	requests.WithLabelValues(r.URL.RawQuery) // want `a part of the query`
	requests.WithLabelValues(r.Pattern)
	requests.WithLabelValues(strconv.FormatBool(r.TLS != nil), r.Proto)
	requests.With(prometheus.Labels{"a": r.URL.Path})          // want `the path of a request`
	requests.MustCurryWith(prometheus.Labels{"a": r.URL.Path}) // want `the path of a request`
	requests.WithLabelValues([]string{r.URL.Path}...)          // want `the path of a request`
	u := r.URL
	path := strings.ToLower(strings.TrimSuffix(u.Path, "/"))
	requests.WithLabelValues("p:" + path)                    // want `the path of a request`
	requests.WithLabelValues(fmt.Sprintf("%s!", path))       // want `the path of a request`
	requests.WithLabelValues(strings.Split(path, "/")[1])    // want `the path of a request`
	requests.WithLabelValues(string([]byte(r.URL.Path[1:]))) // want `the path of a request`
	requests.WithLabelValues(route(path))
	values := prometheus.Labels{"a": r.PathValue("id")} // want `the path of a request`
	requests.With(values)
}

func route(string) string { return "" }

func routes(w http.ResponseWriter, r *http.Request) {
	promhttp.SetRoute(w, r.URL.Path)                // want `the path of a request`
	_ = promhttp.WithRoute(r.Context(), r.URL.Path) // want `the path of a request`
	promhttp.SetRoute(w, r.Pattern)
	_ = promhttp.WithRoute(r.Context(), route(r.URL.Path))
	_ = promhttp.ServerOpts{Route: func(r *http.Request) string { return r.URL.Path }} // want `the path of a request`
	_ = &promhttp.ServerOpts{Route: func(r *http.Request) string {
		if p := r.URL.Path; p == "/" {
			return p
		}
		func() string { return r.URL.Path }()
		return route(r.URL.Path)
	}}
	_ = promhttp.ServerOpts{Route: nil}
}

func clients(w http.ResponseWriter, r *http.Request) {
	requests.WithLabelValues(r.RemoteAddr)           // want `the address of a client`
	requests.WithLabelValues(r.Host)                 // want `the host`
	requests.WithLabelValues(r.UserAgent())          // want `a header`
	requests.WithLabelValues(r.Header.Get("X"))      // want `a header`
	requests.WithLabelValues(r.Header["X"][0])       // want `a header`
	requests.WithLabelValues(r.FormValue("q"))       // want `a part of the query or the form`
	requests.WithLabelValues(r.URL.Query().Get("q")) // want `a part of the query or the form`
	requests.WithLabelValues(r.Method)               // want `the method of a request, which may be any word: use promhttp's instrumentation`
	w.Header().Set("X", "y")
	requests.WithLabelValues(w.Header().Get("X"))
	cookie, err := r.Cookie("session")
	if err == nil {
		requests.WithLabelValues(cookie.Value) // want `a header`
	}
}

func middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		defer func() { requests.WithLabelValues(path).Inc() }() // want `the path of a request`
		next.ServeHTTP(w, r)
	})
}

// A client knows its methods and hosts.
func roundTrip(r *http.Request) {
	requests.WithLabelValues(r.Method)
	requests.WithLabelValues(r.Host)
	requests.WithLabelValues(r.URL.Host)
	requests.WithLabelValues(r.URL.Path) // want `the path of a request`
}

func bounded(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case "GET", "POST":
		requests.WithLabelValues(r.Method)
	}
}

func boundedByComparison(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		http.Error(w, "no", http.StatusMethodNotAllowed)
		return
	}
	requests.WithLabelValues(r.Method)
}

func boundedByMap(w http.ResponseWriter, r *http.Request, known map[string]bool, names map[string]string) {
	path := r.URL.Path
	requests.WithLabelValues(names[r.Host])
	if !known[path] {
		return
	}
	requests.WithLabelValues(path)
}

func boundedByReplacement(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if len(path) > 1 {
		path = "other"
	}
	requests.WithLabelValues(path)
}

func boundedByFunction(w http.ResponseWriter, r *http.Request) {
	if isKnown(r.URL.Path) {
		requests.WithLabelValues(r.URL.Path)
	}
}

func isKnown(string) bool { return false }

func notBounded(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "" || !strings.HasPrefix(r.URL.Path, "/api") {
		return
	}
	requests.WithLabelValues(r.URL.Path) // want `the path of a request`
}

var errTimeout = errors.New("timeout")

func failures(err error) {
	if err != nil {
		requests.WithLabelValues(err.Error())                // want `the text of an error, which may contain anything: use a class of errors`
		requests.WithLabelValues(fmt.Sprint(err))            // want `the text of an error`
		requests.WithLabelValues(fmt.Sprintf("%v", err))     // want `the text of an error`
		requests.WithLabelValues(errors.Unwrap(err).Error()) // want `the text of an error`
		requests.WithLabelValues(errTimeout.Error())         // want `the text of an error`
		requests.WithLabelValues(class(err))
	}
}

func class(error) string { return "" }

func unique(ctx context.Context, userID int, deviceID string, now time.Time) {
	requests.WithLabelValues(uuid.NewString())                      // want `an identifier, which can have any number of values`
	requests.WithLabelValues(uuid.New().String())                   // want `an identifier`
	requests.WithLabelValues(strconv.Itoa(userID))                  // want `an identifier`
	requests.WithLabelValues(time.Now().UTC().Format(time.RFC3339)) // want `the current time`
	requests.WithLabelValues(deviceID)
	requests.WithLabelValues(now.Format(time.Kitchen))
}

func typedLabels(w http.ResponseWriter, r *http.Request) {
	typed.With(labels{Path: r.Pattern}).Inc()
	typed.With(labels{Path: r.URL.Path}).Inc() // want `the path of a request`
}
