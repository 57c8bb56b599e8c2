package middleware

import (
	"context"
	"errors"
	"net/http"
	"strconv"
)

// exchange holds the information about a request that a Writer of [WrapServer] collects in addition to
// the status and the size of its response.
type exchange struct {
	_ [0]func() // Forbid comparison, so that programs do not contain the code for it.

	ctx      context.Context // context of the request; nil in a Writer of Wrap
	route    string          // route that the handler has set
	late     bool            // The context was canceled before the header was written.
	flushed  bool            // The handler has flushed the response.
	hijacked bool            // The handler has taken over the connection.
	timedOut bool            // A write failed because an http.TimeoutHandler has answered.
}

// WrapServer is [Wrap] for a request with the context ctx. The Writer also records how the response
// relates to the end of that context, and accepts a route. It is also an [http.Hijacker] if an
// [http.ResponseController] finds one behind inner. Otherwise the controller would bypass the Writer
// when it hijacks the connection.
func WrapServer(inner http.ResponseWriter, ctx context.Context) (*Writer, http.ResponseWriter) { //nolint:revive // The writer comes first, as in Wrap.
	has := interfacesOf(inner)
	if has&hijacks == 0 && hijackerIn(inner) != nil {
		has |= hijacks
	}
	w, outer := withInterfaces(has)
	w.ResponseWriter, w.ctx = inner, ctx
	return w, outer
}

// noteHeader is called when the status of the response is known.
func (w *Writer) noteHeader() {
	if w.ctx != nil {
		w.late = errors.Is(w.ctx.Err(), context.Canceled)
	}
}

// wrote records that n bytes of the body were written.
func (w *Writer) wrote(n int64, err error) {
	w.written += n
	if err != nil && errors.Is(err, http.ErrHandlerTimeout) {
		w.timedOut = true
	}
}

// SetRoute sets the route of the request, and reports whether w was made by [WrapServer].
func (w *Writer) SetRoute(route string) bool {
	if w.ctx != nil {
		w.route = route
	}
	return w.ctx != nil
}

// Route returns the route that [Writer.SetRoute] has set.
func (w *Writer) Route() string { return w.route }

// Late reports whether the context of the request was canceled before the header was written.
func (w *Writer) Late() bool { return w.late }

// Hijacked reports whether the handler has taken over the connection.
func (w *Writer) Hijacked() bool { return w.hijacked }

// TimedOut reports whether a write failed because an outer [http.TimeoutHandler] had answered the
// request.
func (w *Writer) TimedOut() bool { return w.timedOut }

// sendsAtOnce is a number of bytes that the buffers of a server do not hold back.
const sendsAtOnce = 4 << 10

// Complete reports whether the client probably has the whole response before the handler returns: the
// written bytes have been sent, and their number equals the Content-Length.
func (w *Writer) Complete(method string) bool {
	switch {
	case !w.flushed && w.written < sendsAtOnce:
		return false
	case method == http.MethodHead, w.status == http.StatusNoContent, w.status == http.StatusNotModified:
		return true
	}
	length, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	return err == nil && w.written >= length
}
