package middleware_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/middleware"
)

// TestComplete checks when the client has the whole response before the handler returns.
func TestComplete(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for name, tc := range map[string]struct {
		method, length string
		serve          func(http.ResponseWriter)
		want           bool
	}{
		"nothing":          {"GET", "", func(http.ResponseWriter) {}, false},
		"buffered":         {"GET", "2", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "hi") }, false},
		"flushed":          {"GET", "2", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "hi"); w.(http.Flusher).Flush() }, true},
		"part":             {"GET", "3", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "hi"); w.(http.Flusher).Flush() }, false},
		"no length":        {"GET", "", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "hi"); w.(http.Flusher).Flush() }, false},
		"long":             {"GET", "10000", func(w http.ResponseWriter) { _, _ = io.WriteString(w, long) }, true},
		"HEAD":             {"HEAD", "", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, true},
		"no content":       {"GET", "", func(w http.ResponseWriter) { w.WriteHeader(204); w.(http.Flusher).Flush() }, true},
		"flushed by other": {"HEAD", "", func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, true},
	} {
		sent, w := middleware.WrapServer(httptest.NewRecorder(), t.Context())
		if tc.length != "" {
			w.Header().Set("Content-Length", tc.length)
		}
		tc.serve(w)
		if got := sent.Complete(tc.method); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}

// TestLate checks that a header counts as late if the context of the request was canceled before it.
func TestLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	early, w := middleware.WrapServer(httptest.NewRecorder(), ctx)
	w.WriteHeader(http.StatusOK)
	late, w := middleware.WrapServer(httptest.NewRecorder(), ctx)
	cancel()
	w.WriteHeader(http.StatusOK)
	if early.Late() || !late.Late() {
		t.Errorf("got %v before the end of the context and %v after it", early.Late(), late.Late())
	}
}

func TestSetRoute(t *testing.T) {
	plain, _ := middleware.Wrap(httptest.NewRecorder(), nil)
	server, _ := middleware.WrapServer(httptest.NewRecorder(), t.Context())
	if plain.SetRoute("/a") || plain.Route() != "" || !server.SetRoute("/a") || server.Route() != "/a" {
		t.Errorf("got routes %q and %q", plain.Route(), server.Route())
	}
}

// failing is a writer that returns an error.
type failing struct {
	http.ResponseWriter

	err error
}

func (w failing) Write([]byte) (int, error) { return 0, w.err }

// TestTimedOut checks that a write after http.TimeoutHandler has answered is recognized by its error.
func TestTimedOut(t *testing.T) {
	for _, err := range []error{http.ErrHandlerTimeout, errors.ErrUnsupported} {
		sent, w := middleware.WrapServer(failing{httptest.NewRecorder(), err}, t.Context())
		if _, got := w.Write(nil); !errors.Is(got, err) {
			t.Errorf("got error %v, want %v", got, err)
		}
		if want := errors.Is(err, http.ErrHandlerTimeout); sent.TimedOut() != want {
			t.Errorf("%v: got %v, want %v", err, sent.TimedOut(), want)
		}
	}
}

// TestBody checks the count of bytes that were read from a request body, also if the body is read again.
func TestBody(t *testing.T) {
	var none *middleware.Body
	body := &middleware.Body{ReadCloser: io.NopCloser(strings.NewReader("hello"))}
	_, _ = io.ReadFull(body, make([]byte, 3))
	if none.Count() != 0 || body.Count() != 3 {
		t.Errorf("got %d and %d bytes, want 0 and 3", none.Count(), body.Count())
	}
	again := body.Again(io.NopCloser(strings.NewReader("hello")))
	if body.Count() != 0 {
		t.Errorf("got %d bytes, want 0: nothing was read again", body.Count())
	}
	if text, err := io.ReadAll(again); err != nil || string(text) != "hello" || body.Count() != 5 {
		t.Errorf("got %q, %v and %d bytes", text, err, body.Count())
	}
}

func TestHijacked(t *testing.T) {
	sent, w := middleware.Wrap(&stub{ResponseWriter: httptest.NewRecorder()}, nil)
	if sent.Hijacked() {
		t.Error("hijacked too early")
	}
	if _, _, err := w.(http.Hijacker).Hijack(); err != nil || !sent.Hijacked() {
		t.Errorf("got %v and %v", err, sent.Hijacked())
	}
}

// behind hides a writer's methods from type assertions, but not from an http.ResponseController.
type behind struct{ http.ResponseWriter }

func (b behind) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// TestHijackedBehind checks that a Writer notices when an http.ResponseController hijacks a connection
// through a surrounding middleware.
func TestHijackedBehind(t *testing.T) {
	sent, w := middleware.WrapServer(behind{behind{&stub{ResponseWriter: httptest.NewRecorder()}}}, t.Context())
	if _, _, err := http.NewResponseController(w).Hijack(); err != nil || !sent.Hijacked() {
		t.Errorf("got %v and %v", err, sent.Hijacked())
	}
	sent, w = middleware.WrapServer(behind{httptest.NewRecorder()}, t.Context())
	if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) || sent.Hijacked() {
		t.Errorf("got %v and %v without a hijacker", err, sent.Hijacked())
	}
}
