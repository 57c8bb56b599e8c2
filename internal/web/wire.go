package web

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

const (
	// defaultSendTimeout is how long after the deadline of a scrape its answer may still be sent.
	// Prometheus does not wait that long. Other clients with a slow link get this much time in addition to
	// the time of the scrape.
	defaultSendTimeout = 10 * time.Second
	// maxStall is how long a client may take for one piece of an answer, and for the whole answer if the
	// scrape has no deadline. The time of collectors does not count.
	maxStall = time.Minute
	// maxUnseen is how long a scrape goes on after the deadline of its request if the handler cannot see
	// whether the client is still there.
	maxUnseen = time.Hour
	// maxPiece is how many bytes are sent at once. An honest client takes them in far less than maxStall.
	maxPiece = 64 << 10
)

// Wire sends the bytes of a response under write deadlines, so that a client that stops reading does not
// hold its request forever. (net/http has no deadline of its own unless http.Server.WriteTimeout is set.)
// The deadline ends with the request: net/http removes it from a connection that is kept alive, and HTTP/2
// has one for each stream.
type Wire struct {
	to         http.ResponseWriter
	request    *http.Request
	client     context.Context //nolint:containedctx // It lives as long as the response. See clientContext.
	controller *http.ResponseController

	timed   bool          // Each write gets a deadline.
	until   time.Time     // when the last write must be finished; zero if the scrape has no deadline
	allowed time.Duration // time for all writes together, if until is zero

	deadline time.Time // deadline that was set last
	late     bool      // A write has failed because of that deadline, or of one that the server has set.
	broken   bool      // A write has failed because the connection no longer exists.
}

// NewWire returns the wire to a client. The caller must call forget at the end of the request.
func NewWire(to http.ResponseWriter, r *http.Request) (w *Wire, forget context.CancelFunc) {
	client, forget := clientContext(r.Context(), to)
	return &Wire{to: to, request: r, client: client, controller: http.NewResponseController(to)}, forget
}

// Limit sets the deadline for sending the result of a scrape that began at start and ends at deadline,
// unless that is zero. If sendTimeout is zero, the default applies; if it is negative, there is no limit.
//
// Limit never extends a deadline that the server has set itself: if http.Server.WriteTimeout ends earlier,
// or at an unknown time, it stays in force.
func (w *Wire) Limit(start, deadline time.Time, sendTimeout time.Duration) {
	if sendTimeout < 0 {
		return
	}
	w.allowed = maxStall
	if sendTimeout > 0 {
		w.allowed = sendTimeout
	}
	if !deadline.IsZero() {
		if sendTimeout == 0 {
			sendTimeout = defaultSendTimeout
		}
		if now := time.Now(); deadline.Before(now) {
			deadline = now // It passed before there was anything to send.
		}
		w.until = deadline.Add(sendTimeout)
	}
	timeout := serverWriteTimeout(w.request)
	if timeout <= 0 {
		w.timed = true
		return
	}
	if !w.until.IsZero() && w.until.Before(start.Add(timeout)) {
		w.set(w.until)
	}
}

// set sets the deadline of the next write. If a writer does not support deadlines, its writes have none.
func (w *Wire) set(deadline time.Time) {
	if w.controller.SetWriteDeadline(deadline) == nil {
		w.deadline = deadline
	} else {
		w.timed = false
	}
}

// arm sets the deadline for bytes that are sent without Write.
func (w *Wire) arm() {
	switch now := time.Now(); {
	case !w.timed:
	case w.until.IsZero():
		w.set(now.Add(w.allowed))
	case w.until.Sub(now) > maxStall:
		w.set(now.Add(maxStall))
	case !w.deadline.Equal(w.until):
		w.set(w.until)
	}
}

// Write sends p.
func (w *Wire) Write(p []byte) (n int, err error) {
	for {
		piece := p[n:min(len(p), n+maxPiece)]
		sent, err := w.writePiece(piece)
		if n += sent; err != nil || n == len(p) {
			return n, err
		}
		if sent < len(piece) {
			return n, errShortWrite
		}
	}
}

// Error answers with 500 Internal Server Error.
func (w *Wire) Error(text string) {
	w.arm()
	http.Error(w.to, "An error has occurred while serving metrics:\n\n"+text, http.StatusInternalServerError)
}

var errShortWrite = errors.New("the response writer has taken only a part, without an error")

func (w *Wire) writePiece(p []byte) (n int, err error) {
	began := time.Now()
	w.arm()
	n, err = w.to.Write(p)
	if err != nil {
		w.late = errors.Is(err, os.ErrDeadlineExceeded) || !w.deadline.IsZero() && !time.Now().Before(w.deadline)
		w.broken = !w.late && isBroken(err)
	}
	if w.timed && w.until.IsZero() {
		w.allowed -= time.Since(began)
	}
	return n, err
}

// isClientGone reports whether the client has gone away. After the request's own deadline, the client still
// gets the metrics that were gathered before. If middleware has replaced the request's context by one that
// is never canceled, only a failed write shows that the client has gone.
func (w *Wire) isClientGone() bool {
	return w.broken || isCanceled(w.request.Context()) || w.client.Err() != nil
}

// isBroken reports whether a write has failed because of its connection.
func isBroken(err error) bool {
	_, broken := errors.AsType[*net.OpError](err)
	return broken
}

// abort breaks off a response that may have been sent in part, so that no client takes it for complete. It
// cannot know the reason: a request's context is canceled when its client has gone away. A server that is
// about to shut down cancels it, too, while the client still reads.
//
// A write deadline in the past makes the server close the connection without the end of a chunked body, and
// reset a stream of HTTP/2. Unlike a panic with http.ErrAbortHandler, no middleware sees that. This matters
// because most clients that leave are gone. The panic is for writers that do not support deadlines. In
// HTTP/1.0 the end of the connection is the end of the body, so abort must reset the connection.
func (w *Wire) abort(cause error) {
	if !w.request.ProtoAtLeast(1, 1) {
		if conn, _, err := w.controller.Hijack(); err == nil {
			reset(conn)
			return
		}
	}
	if w.controller.SetWriteDeadline(time.Unix(1, 0)) == nil {
		return
	}
	served := w.request.Context().Value(http.ServerContextKey) != nil
	if isBroken(cause) || w.isClientGone() && !served {
		return // The connection no longer exists, or never did.
	}
	panic(http.ErrAbortHandler)
}

// reset closes a connection in a way that makes the other side see an error.
func reset(conn net.Conn) {
	inner := conn
	if t, ok := inner.(*tls.Conn); ok {
		inner = t.NetConn()
	}
	if t, ok := inner.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
		conn = t // TLS would announce the end.
	}
	_ = conn.Close()
}

// clientContext returns a context with the values of the request's context and without a deadline. It ends
// when the client of the request has gone away.
func clientContext(request context.Context, w http.ResponseWriter) (context.Context, context.CancelFunc) {
	client, cancel := context.WithCancelCause(context.WithoutCancel(request))
	var leaves <-chan bool
	if _, ok := request.Deadline(); ok {
		leaves = closeNotifier(w) // After the deadline, request says nothing more about the client.
	}
	stop := context.AfterFunc(request, func() {
		if isCanceled(request) {
			cancel(errClientGone)
			return
		}
		var tooLong <-chan time.Time
		if leaves == nil {
			// The client may be gone: http.TimeoutHandler, for one, has answered it.
			timer := time.NewTimer(maxUnseen)
			defer timer.Stop()
			tooLong = timer.C
		}
		select {
		case <-leaves:
			cancel(errClientGone)
		case <-tooLong:
			cancel(errClientGone)
		case <-client.Done():
		}
	})
	return client, func() {
		stop()
		cancel(nil)
	}
}

// closeNotifier returns a channel that has a value when the client has gone away, or nil if the writer does
// not support that.
func closeNotifier(w http.ResponseWriter) (leaves <-chan bool) {
	_ = engine.Try(func() error { // Some wrappers panic if the writer inside has no CloseNotify.
		for w != nil {
			if n, ok := w.(http.CloseNotifier); ok { //nolint:staticcheck // The context that replaces it may have ended.
				leaves = n.CloseNotify()
				return nil
			}
			u, ok := w.(interface{ Unwrap() http.ResponseWriter })
			if !ok {
				return nil
			}
			w = u.Unwrap()
		}
		return nil
	})
	return leaves
}
