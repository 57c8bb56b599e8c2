package middleware_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/middleware"
)

// closeNotifier is http.CloseNotifier without its deprecation.
type closeNotifier interface{ CloseNotify() <-chan bool }

// stub implements all interfaces that a writer may have.
type stub struct {
	http.ResponseWriter

	reached string
}

func (s *stub) CloseNotify() <-chan bool { s.reached += "C"; return nil }
func (s *stub) Flush()                   { s.reached += "F" }
func (s *stub) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	s.reached += "H"
	return nil, nil, nil
}
func (s *stub) ReadFrom(r io.Reader) (int64, error)  { s.reached += "R"; return io.Copy(io.Discard, r) }
func (s *stub) Push(string, *http.PushOptions) error { s.reached += "P"; return nil }
func (s *stub) bare() http.ResponseWriter            { return struct{ http.ResponseWriter }{s} }

// combine returns a writer with the interfaces whose letters are in set. The function lists every set,
// because Go cannot compose types at run time.
func combine(s *stub, set string) http.ResponseWriter {
	type (
		w = http.ResponseWriter
		c = closeNotifier
		f = http.Flusher
		h = http.Hijacker
		r = io.ReaderFrom
		p = http.Pusher
	)
	b := s.bare()
	switch set {
	case "C":
		return struct {
			w
			c
		}{b, s}
	case "F":
		return struct {
			w
			f
		}{b, s}
	case "CF":
		return struct {
			w
			c
			f
		}{b, s, s}
	case "H":
		return struct {
			w
			h
		}{b, s}
	case "CH":
		return struct {
			w
			c
			h
		}{b, s, s}
	case "FH":
		return struct {
			w
			f
			h
		}{b, s, s}
	case "CFH":
		return struct {
			w
			c
			f
			h
		}{b, s, s, s}
	case "R":
		return struct {
			w
			r
		}{b, s}
	case "CR":
		return struct {
			w
			c
			r
		}{b, s, s}
	case "FR":
		return struct {
			w
			f
			r
		}{b, s, s}
	case "CFR":
		return struct {
			w
			c
			f
			r
		}{b, s, s, s}
	case "HR":
		return struct {
			w
			h
			r
		}{b, s, s}
	case "CHR":
		return struct {
			w
			c
			h
			r
		}{b, s, s, s}
	case "FHR":
		return struct {
			w
			f
			h
			r
		}{b, s, s, s}
	case "CFHR":
		return struct {
			w
			c
			f
			h
			r
		}{b, s, s, s, s}
	case "P":
		return struct {
			w
			p
		}{b, s}
	case "CP":
		return struct {
			w
			c
			p
		}{b, s, s}
	case "FP":
		return struct {
			w
			f
			p
		}{b, s, s}
	case "CFP":
		return struct {
			w
			c
			f
			p
		}{b, s, s, s}
	case "HP":
		return struct {
			w
			h
			p
		}{b, s, s}
	case "CHP":
		return struct {
			w
			c
			h
			p
		}{b, s, s, s}
	case "FHP":
		return struct {
			w
			f
			h
			p
		}{b, s, s, s}
	case "CFHP":
		return struct {
			w
			c
			f
			h
			p
		}{b, s, s, s, s}
	case "RP":
		return struct {
			w
			r
			p
		}{b, s, s}
	case "CRP":
		return struct {
			w
			c
			r
			p
		}{b, s, s, s}
	case "FRP":
		return struct {
			w
			f
			r
			p
		}{b, s, s, s}
	case "CFRP":
		return struct {
			w
			c
			f
			r
			p
		}{b, s, s, s, s}
	case "HRP":
		return struct {
			w
			h
			r
			p
		}{b, s, s, s}
	case "CHRP":
		return struct {
			w
			c
			h
			r
			p
		}{b, s, s, s, s}
	case "FHRP":
		return struct {
			w
			f
			h
			r
			p
		}{b, s, s, s, s}
	case "CFHRP":
		return struct {
			w
			c
			f
			h
			r
			p
		}{b, s, s, s, s, s}
	default:
		return b
	}
}

// TestInterfaces checks, for every set of interfaces of an inner writer, that the Writer implements
// exactly these, and that their methods reach the inner writer.
func TestInterfaces(t *testing.T) {
	for set := range 1 << 5 {
		var want strings.Builder
		for i, letter := range "CFHRP" {
			if set>>i&1 == 1 {
				want.WriteRune(letter)
			}
		}
		t.Run(want.String(), func(t *testing.T) {
			s := &stub{ResponseWriter: httptest.NewRecorder()}
			sent, w := middleware.Wrap(combine(s, want.String()), nil)
			claimed := ""
			if w, ok := w.(closeNotifier); ok {
				claimed += "C"
				w.CloseNotify()
			}
			if w, ok := w.(http.Flusher); ok {
				claimed += "F"
				w.Flush()
				if sent.Status() != http.StatusOK {
					t.Errorf("after Flush: got status %d", sent.Status())
				}
			}
			if w, ok := w.(http.Hijacker); ok {
				claimed += "H"
				_, _, _ = w.Hijack()
			}
			if w, ok := w.(io.ReaderFrom); ok {
				claimed += "R"
				if n, err := w.ReadFrom(strings.NewReader("four")); n != 4 || err != nil || sent.Written() != 4 || sent.Status() != http.StatusOK {
					t.Errorf("ReadFrom: got %d and %v, %d bytes and status %d", n, err, sent.Written(), sent.Status())
				}
			}
			if w, ok := w.(http.Pusher); ok {
				claimed += "P"
				_ = w.Push("", nil)
			}
			if claimed != want.String() || s.reached != want.String() {
				t.Errorf("claims %q, reached %q, want %q", claimed, s.reached, want.String())
			}
		})
	}
}

func TestStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		codes []int
		want  int
	}{
		"none":                   {nil, 0},
		"one":                    {[]int{404}, 404},
		"early hints":            {[]int{103}, 0},
		"early hints and status": {[]int{100, 103, 404}, 404},
		"switching protocols":    {[]int{101}, 101},
		"too late":               {[]int{201, 500}, 201},
		"early hints too late":   {[]int{201, 103}, 201},
		"above 599":              {[]int{700, 200}, 700},
		"invalid":                {[]int{-1, 0, 99, 1000}, 0},
		"invalid, then valid":    {[]int{1000, 500}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			passed := &recording{}
			var headers []int
			sent, w := middleware.Wrap(passed, func(status int) { headers = append(headers, status) })
			for _, code := range tc.codes {
				func() {
					defer func() { _ = recover() }()
					w.WriteHeader(code)
				}()
			}
			if sent.Status() != tc.want || len(passed.codes) != len(tc.codes) {
				t.Errorf("got status %d; %v was passed on", sent.Status(), passed.codes)
			}
			if tc.want == 0 && len(headers) > 0 || tc.want != 0 && (len(headers) != 1 || headers[0] != tc.want) {
				t.Errorf("got headers %v, want %d", headers, tc.want)
			}
		})
	}
}

// recording records the headers, and panics for the headers for which net/http panics.
type recording struct {
	http.ResponseWriter

	codes []int
}

func (w *recording) WriteHeader(code int) {
	w.codes = append(w.codes, code)
	if code < 100 || code > 999 {
		panic("invalid")
	}
}

func TestWriteString(t *testing.T) {
	inner := httptest.NewRecorder()
	sent, w := middleware.Wrap(inner, nil)
	if n, err := io.WriteString(w, "text"); n != 4 || err != nil {
		t.Errorf("got %d and %v", n, err)
	}
	if sent.Status() != http.StatusOK || sent.Written() != 4 || inner.Body.String() != "text" {
		t.Errorf("got status %d, %d bytes, body %q", sent.Status(), sent.Written(), inner.Body)
	}
}

var errFlush = errors.New("the client has gone")

// errorFlusher flushes with an error, and is not an http.Flusher.
type errorFlusher struct{ http.ResponseWriter }

func (errorFlusher) FlushError() error { return errFlush }

func TestFlushError(t *testing.T) {
	for name, tc := range map[string]struct {
		inner  http.ResponseWriter
		err    error
		status int
	}{
		"flusher":        {httptest.NewRecorder(), nil, 200},
		"error":          {errorFlusher{httptest.NewRecorder()}, errFlush, 200},
		"further inside": {unwrapping{httptest.NewRecorder()}, nil, 200},
		"none":           {struct{ http.ResponseWriter }{httptest.NewRecorder()}, http.ErrNotSupported, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sent, w := middleware.Wrap(tc.inner, nil)
			if err := http.NewResponseController(w).Flush(); !errors.Is(err, tc.err) {
				t.Errorf("got error %v", err)
			}
			if sent.Status() != tc.status {
				t.Errorf("got status %d, want %d", sent.Status(), tc.status)
			}
		})
	}
}

// unwrapping hides all interfaces of a writer, but has an Unwrap method.
type unwrapping struct{ inner http.ResponseWriter }

func (w unwrapping) Header() http.Header         { return w.inner.Header() }
func (w unwrapping) Write(p []byte) (int, error) { return w.inner.Write(p) }
func (w unwrapping) WriteHeader(code int)        { w.inner.WriteHeader(code) }
func (w unwrapping) Unwrap() http.ResponseWriter { return w.inner }

// TestCode checks the label value for each status.
func TestCode(t *testing.T) {
	for status, want := range map[int]string{0: "200", 99: "unknown", 100: "100", 200: "200", 418: "418", 599: "599", 600: "unknown", 700: "unknown", -1: "unknown"} {
		if got := middleware.Code(status); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
}
