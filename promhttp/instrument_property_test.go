package promhttp_test

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// discard is the error log of servers with deliberately faulty handlers.
var discard = log.New(io.Discard, "", 0)

// behaviour lists the steps that a handler takes. Each step has a number that it may use.
type behaviour []struct {
	step string
	n    int
}

// randomBehaviour returns a behaviour that this package and client_golang must count alike. It writes only
// one header, before everything else, and that header is not informational.
func randomBehaviour(random *rand.Rand) (b behaviour) {
	add := func(step string, n int) {
		b = append(b, struct {
			step string
			n    int
		}{step, n})
	}
	if random.IntN(2) == 0 {
		add("header", []int{101, 200, 204, 299, 304, 404, 418, 500, 599, 600, 999}[random.IntN(11)])
	}
	for range random.IntN(6) {
		steps := []string{"write", "string", "copy", "flush", "controller", "push", "deadline", "method"}
		add(steps[random.IntN(len(steps))], random.IntN(10_000))
	}
	switch random.IntN(12) {
	case 0:
		add("hijack", 0)
	case 1:
		add("panic", 0)
	case 2:
		add("abort", 0)
	case 3:
		b = nil // Writers panic only at the first header, and this one would not be the first.
		add("invalid", []int{-1, 0, 99, 1000}[random.IntN(4)])
	}
	return b
}

// isInvalid reports whether there is a header at which the writers of net/http panic.
func (b behaviour) isInvalid() bool { return len(b) > 0 && b[len(b)-1].step == "invalid" }

func (b behaviour) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text := strings.Repeat("x", 10_000)
	for _, s := range b {
		switch s.step {
		case "header", "invalid":
			w.WriteHeader(s.n)
		case "write":
			_, _ = w.Write([]byte(text[:s.n]))
		case "string":
			_, _ = io.WriteString(w, text[:s.n])
		case "copy":
			_, _ = io.Copy(w, io.LimitReader(strings.NewReader(text), int64(s.n)))
		case "flush":
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
		case "controller":
			_ = http.NewResponseController(w).Flush()
		case "push":
			if p, ok := w.(http.Pusher); ok {
				_ = p.Push("/", nil)
			}
		case "deadline":
			_ = http.NewResponseController(w).EnableFullDuplex()
		case "method":
			r.Method = []string{"GET", "", "brew", "put", "VIEW"}[s.n%5]
		case "hijack":
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
		case "panic":
			panic("the handler panics")
		case "abort":
			panic(http.ErrAbortHandler)
		}
	}
}

// TestRandomHandlers compares all instrumentation with client_golang's. The handlers are random, except that
// they avoid the cases that client_golang miscounts. They run behind recorders and behind real servers.
func TestRandomHandlers(t *testing.T) {
	const rounds = 150
	labels := [][]string{nil, {"code"}, {"method"}, {"code", "method"}, {"method", "code"}}
	compared := 0
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // The sequence must be repeatable.
		b := randomBehaviour(random)
		method := []string{"GET", "HEAD", "POST", "BREW", "options"}[random.IntN(5)]
		behind := random.IntN(10) // One in ten is behind a real server.
		names := labels[random.IntN(len(labels))]
		var all, theirs http.Handler = b, b
		ours, want := metric.NewRegistry(), prometheus.NewRegistry()
		done := make([]string, 0, len(instruments))
		for name, i := range instruments {
			if name == "duration in a summary" {
				continue // It has the name of the histogram.
			}
			if name == "time to write header" && b.isInvalid() {
				continue // client_golang observes a header here that is never written.
			}
			done = append(done, name)
			if random.IntN(2) == 0 { // The instrumentations wrap each other, or each wraps the handler.
				all, theirs = i.ours(ours, names, all), i.theirs(want, names, theirs)
			} else {
				single, other := i.ours(ours, names, b), i.theirs(want, names, b)
				ask(single, method, behind)
				ask(other, method, behind)
			}
		}
		ask(all, method, behind)
		ask(theirs, method, behind)
		slices.Sort(done)
		if len(gathered(t, ours))+len(gathered(t, want)) == 0 {
			continue // The handler has panicked.
		}
		compared++
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { sameGathered(t, ours, want) }) {
			t.Fatalf("%s, labels %v, steps %v, instrumentation %v", method, names, b, done)
		}
	}
	if compared < rounds/2 {
		t.Errorf("only %d of %d handlers were compared", compared, rounds)
	}
}

// ask sends a request to h. The handler may panic.
func ask(h http.Handler, method string, behind int) {
	if behind > 0 {
		w := httptest.NewRecorder()
		recovered(func() { h.ServeHTTP(w, httptest.NewRequest(method, "/path", strings.NewReader("body"))) })
		return
	}
	done := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = discard
	server.Start()
	defer server.Close()
	req, err := http.NewRequest(method, server.URL+"/path", http.NoBody)
	if err != nil {
		panic(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req) // This transport never sends a request twice.
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	<-done // The server does not wait for hijacked connections.
}
