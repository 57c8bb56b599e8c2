package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/luxfi/metric/internal/engine"
)

// errClientGone is why an exposition was not written completely.
var errClientGone = errors.New("the client has gone away")

// Answer is the exposition that is sent to a client. Nothing is sent before the first write, so until then
// the answer can become an error instead.
type Answer struct {
	wire   *Wire
	coding Coding
	held   *held // the exposition, until it is known to be complete; nil if it is sent at once

	begun      bool
	failed     error // first error of Write; no write succeeds after it
	compressor compressor
}

// NewAnswer returns an answer that is sent over wire. If hold is set, nothing is sent before
// [Answer.Complete] is called.
func NewAnswer(wire *Wire, coding Coding, hold bool) *Answer {
	a := &Answer{wire: wire, coding: coding}
	if hold {
		a.held = &held{wire: wire}
	}
	return a
}

// Expose calls expose to write the exposition. The context client ends when the answer has no reader any
// more. The Writing error of the result is the error or the panic of expose, or the error of the
// connection.
func (a *Answer) Expose(expose func(client context.Context, w io.Writer) error) Result {
	var body io.Writer = writer{a}
	if a.held != nil {
		body = a.held
	}
	err := engine.Try(func() error { return expose(a.wire.client, body) })
	if err == nil {
		err = a.failed
	}
	return a.result("error encoding and sending metrics", err)
}

// Complete sends the rest of the exposition and updates result.
func (a *Answer) Complete(result *Result) {
	err := engine.Try(func() error {
		if a.held != nil {
			if _, err := a.write(a.held.Bytes()); err != nil {
				return err
			}
		}
		return a.finish(true)
	})
	sent := a.result("error sending metrics", err)
	sent.Gathering, sent.Encoding = result.Gathering, result.Encoding
	*result = sent
}

func (a *Answer) result(doing string, err error) Result {
	result := Result{Begun: a.begun, Late: a.wire.late, Gone: !a.wire.late && a.wire.isClientGone()}
	if err != nil {
		result.Writing = &ServeError{Doing: doing, Err: err}
	}
	return result
}

// BreakOff ends an answer because of err. A part of the answer may have been sent; a client that took that
// for everything would end the series that are missing.
func (a *Answer) BreakOff(err error) {
	a.discard()
	if panicked, ok := errors.AsType[*engine.PanicError](err); ok && panicked.Value == any(http.ErrAbortHandler) {
		panic(http.ErrAbortHandler) // It is for the handlers around this one.
	}
	a.wire.abort(err)
}

// Error answers with an error instead.
func (a *Answer) Error(text string) {
	a.discard()
	a.wire.Error(text)
}

// discard frees the exposition that the answer holds.
func (a *Answer) discard() {
	_ = engine.Try(func() error { return a.finish(false) }) // There is an error already.
}

// writer writes to an answer.
type writer struct{ *Answer }

// Write sends p. It fails if the client has gone away.
func (w writer) Write(p []byte) (int, error) { return w.write(p) }

func (a *Answer) write(p []byte) (n int, err error) {
	switch {
	case a.failed != nil:
		return 0, a.failed
	case a.wire.isClientGone():
		a.failed = errClientGone
		return 0, a.failed
	case !a.begun:
		a.begin()
	}
	if a.compressor != nil {
		n, err = a.compressor.Write(p)
	} else {
		n, err = a.wire.Write(p)
	}
	a.failed = err
	return n, err
}

func (a *Answer) begin() {
	a.begun = true
	if pool, ok := compressors[a.coding]; ok {
		a.wire.to.Header().Set("Content-Encoding", string(a.coding))
		a.compressor = pool.Get().(compressor)
		a.compressor.Reset(a.wire)
	}
}

// finish sends the bytes that the compressor still holds. If the exposition is not complete, it does not
// finish the compressed stream either.
func (a *Answer) finish(whole bool) (err error) {
	if whole && !a.begun {
		a.begin()
	}
	if a.compressor == nil {
		return nil
	}
	if whole {
		err = a.compressor.Close()
	}
	a.compressor.Reset(nil)
	compressors[a.coding].Put(a.compressor)
	a.compressor = nil
	return err
}

// held is the memory for an exposition that is sent only when it is known to be complete.
type held struct {
	bytes.Buffer

	wire *Wire
}

// Write holds p. It fails if the client has gone away.
func (h *held) Write(p []byte) (int, error) {
	if h.wire.isClientGone() {
		return 0, errClientGone
	}
	return h.Buffer.Write(p)
}
