//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/klauspost/compress/snappy"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/luxfi/metric/push/remotewrite"
)

// faults is a proxy between a sender and a receiver. It can fail in every way that a receiver or the
// network can.
type faults struct {
	address string
	forward http.Handler // sends a request on to the receiver

	mu        sync.Mutex
	server    *http.Server
	handler   http.Handler // handles the requests
	exchanges []exchange
}

// exchange is a request and the status of the answer to it.
type exchange struct {
	at       time.Time // time of the answer
	protocol remotewrite.Protocol
	status   int
}

// newFaults returns a proxy for a receiver. It forwards all requests until the test calls do or refuse.
func newFaults(t *testing.T, r *receiver) *faults {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: r.address}
	f := &faults{address: steadyAddress(t), forward: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// The receiver is down.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}}
	f.handler = f.forward
	f.accept(t)
	t.Cleanup(func() { f.refuse(t) })
	return f
}

// url returns the URL for remote writes.
func (f *faults) url() string { return "http://" + f.address + "/api/v1/write" }

// ServeHTTP answers a request with the handler of the last call of do.
func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	handler := f.handler
	f.mu.Unlock()
	e := exchange{protocol: remotewrite.V1}
	if isV2(r) {
		e.protocol = remotewrite.V2
	}
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		e.at, e.status = time.Now(), seen.status
		f.mu.Lock()
		defer f.mu.Unlock()
		f.exchanges = append(f.exchanges, e)
	}()
	handler.ServeHTTP(seen, r)
}

// isV2 reports whether a request is in version 2.0 of the protocol.
func isV2(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Content-Type"), "io.prometheus.write.v2.Request")
}

// seen returns the exchanges since its last call.
func (f *faults) seen() []exchange {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.exchanges
	f.exchanges = nil
	return seen
}

// checkSeen checks the exchanges since the last call of seen, regardless of their times.
func (f *faults) checkSeen(t *testing.T, want []exchange) {
	t.Helper()
	seen := f.seen()
	for i := range seen {
		seen[i].at = time.Time{}
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got the requests %v, want %v", seen, want)
	}
}

// do sets the handler that answers all requests from now on.
func (f *faults) do(h http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handler = h
}

// refuse refuses connections from now on and closes the open ones.
func (f *faults) refuse(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	server := f.server
	f.mu.Unlock()
	if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// accept accepts connections again after [faults.refuse].
func (f *faults) accept(t *testing.T) {
	t.Helper()
	var listener net.Listener
	eventually(t, func() (err error) {
		listener, err = net.Listen("tcp", f.address)
		return err
	})
	server := &http.Server{Handler: f}
	f.mu.Lock()
	f.server = server
	f.mu.Unlock()
	go func() { _ = server.Serve(listener) }()
}

// hang reads a request and never answers it.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // After the body is read, the server notices when the client goes away.
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// refusal returns a handler that answers with a status. If retryAfter is not 0, the answer has the header
// Retry-After with that number of seconds.
func refusal(status, retryAfter int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		http.Error(w, "on purpose", status)
	}
}

// first returns a handler that passes the first n requests to h and the others to then.
func first(n int, h, then http.Handler) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		chosen := h
		if n--; n < 0 {
			chosen = then
		}
		mu.Unlock()
		chosen.ServeHTTP(w, r)
	})
}

// halve returns a handler that forwards only every second series of a request in version 2.0, and answers 400
// Bad Request. The handler calls lost for each series that it does not forward.
func (f *faults) halve(lost func(writev2.TimeSeries)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		half, err := cut(r, lost)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		f.forward.ServeHTTP(&rewriter{ResponseWriter: w}, half)
	}
}

// cut returns the request without every second series. It calls lost for each series that it removes.
func cut(r *http.Request, lost func(writev2.TimeSeries)) (*http.Request, error) {
	compressed, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	body, err := snappy.Decode(nil, compressed)
	if err != nil {
		return nil, err
	}
	var message writev2.Request
	if err := proto.Unmarshal(body, &message); err != nil {
		return nil, err
	}
	n := 0
	message.Timeseries = slices.DeleteFunc(message.Timeseries, func(s writev2.TimeSeries) bool {
		n++
		if n%2 == 0 {
			lost(s)
		}
		return n%2 == 0
	})
	if body, err = proto.Marshal(&message); err != nil {
		return nil, err
	}
	half := r.Clone(r.Context())
	compressed = snappy.Encode(nil, body)
	half.Body, half.ContentLength = io.NopCloser(bytes.NewReader(compressed)), int64(len(compressed))
	return half, nil
}

// rewriter turns a success into a Bad Request.
type rewriter struct{ http.ResponseWriter }

func (w *rewriter) WriteHeader(status int) {
	if status/100 == 2 {
		status = http.StatusBadRequest
	}
	w.ResponseWriter.WriteHeader(status)
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
