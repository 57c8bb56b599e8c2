package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// panics holds ways for a run not to return.
var panics = map[string]struct {
	run   func()
	value string // as printed; empty without a panic
	is    error  // what the error is, if that is known
}{
	"string":        {run: func() { panic("no way") }, value: "no way"},
	"error":         {run: func() { panic(io.ErrUnexpectedEOF) }, value: "unexpected EOF", is: io.ErrUnexpectedEOF},
	"nil":           {run: func() { panic(nil) }, value: "panic called with nil argument"},
	"runtime error": {run: func() { panicWithIndex(nil) }, value: "runtime error: index out of range [1] with length 0"},
	"bad stringer":  {run: func() { panic(badStringer{}) }, value: "%!v(PANIC=String method: no string either)"},
	"Goexit":        {run: runtime.Goexit},
}

func panicWithIndex(list []int) { list[1]++ }

type badStringer struct{}

func (badStringer) String() string { panic("no string either") }

// TestPanics checks the error for each way in which a run may fail to return, in every goroutine in which
// that may happen, and that nothing else is lost.
func TestPanics(t *testing.T) {
	places := map[string]func(run func()) engine.Run{
		"in the run": func(run func()) engine.Run {
			return func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				send(sink, 1)
				run()
				return nil
			}
		},
		"behind the channel": func(run func()) engine.Run {
			return func(ctx context.Context, r engine.Running, sink engine.Sink) error {
				return engine.FromChannelOf(r, -1, func(ch chan<- int) {
					ch <- 1
					run()
				}, func(v int) { send(sink, float64(v)) })
			}
		},
		"before the channel": func(run func()) engine.Run {
			return func(ctx context.Context, r engine.Running, sink engine.Sink) error {
				return engine.FromChannelOf(r, -1, func(ch chan<- int) {
					for i := range 1000 { // more than fit
						ch <- i
					}
				}, func(v int) {
					send(sink, float64(v))
					if v == 1 {
						run()
					}
				})
			}
		},
	}
	sent := map[string][]float64{"before the channel": {0, 1}}
	for name, test := range panics {
		for place, run := range places {
			for kind, isShared := range kinds {
				t.Run(name+"/"+place+"/"+kind, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var e engine.Engine
						bad := &engine.Collector{Shared: isShared, Run: run(test.run)}
						for range 3 { // Each scrape starts it anew.
							outcomes := e.Collect(t.Context(), jobs(bad, quick()))
							want := []float64{1}
							if sent[place] != nil {
								want = sent[place]
							}
							wantValues(t, outcomes[0], want...)
							checkPanic(t, outcomes[0].Err, test.value, test.is)
							wantValues(t, outcomes[1], 1)
						}
					})
				})
			}
		}
	}
}

// checkPanic checks the error of a run that did not return.
func checkPanic(t *testing.T, err error, value string, is error) {
	t.Helper()
	p, ok := errors.AsType[*engine.PanicError](err)
	switch {
	case err == nil:
		t.Error("there is no error")
	case value == "" && !ok:
		if got := err.Error(); !strings.Contains(got, "Goexit") {
			t.Errorf("the error is %q", got)
		}
	case value == "" || !ok:
		t.Errorf("the error is %T: %v", err, err)
	default:
		if got, want := p.Error(), "panic: "+value; got != want {
			t.Errorf("the error is %q, want %q", got, want)
		}
		if stack := string(p.Stack); !strings.Contains(stack, "panic_test.go") {
			t.Errorf("the stack does not tell where it was:\n%s", stack)
		}
		if is != nil && !errors.Is(err, is) {
			t.Errorf("%v is not %v", err, is)
		}
	}
}

// TestOldNilPanic checks that panic(nil) is noticed even if recover returns nil for it.
func TestOldNilPanic(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	err := engine.Try(func() error { panic(nil) }) //nolint:govet // The test is about nil.
	checkPanic(t, err, "<nil>", nil)
}

func TestTry(t *testing.T) {
	if err := engine.Try(func() error { return nil }); err != nil {
		t.Errorf("nothing has become %v", err)
	}
	if err := engine.Try(func() error { return io.EOF }); err != io.EOF { //nolint:errorlint // It must be the same error.
		t.Errorf("io.EOF has become %v", err)
	}
}

// badError panics in its method Is.
type badError struct{}

func (badError) Error() string { panic("no text") }
func (badError) Is(error) bool { panic("no answer") }

// TestBadError checks that methods of an error of user code may panic.
func TestBadError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
			send(sink, 1)
			<-ctx.Done()
			return badError{}
		})
		o := scrape(new(engine.Engine), timeout, c)[0]
		wantValues(t, o, 1)
		if o.Err == nil {
			t.Error("there is no error")
		}
	})
}

// TestErrorThatPanics checks that an error whose methods panic costs only its collector, for each method
// and each place that calls it.
func TestErrorThatPanics(t *testing.T) {
	var none *fs.PathError
	for name, bad := range map[string]error{
		"nil pointer":         none,
		"wrapped nil pointer": fmt.Errorf("wrapped: %w", error(none)),
		"Error":               panickingError{text: true},
		"Is":                  panickingError{is: true},
		"As":                  panickingError{as: true},
	} {
		for how, end := range map[string]func(error) error{
			"returned": func(err error) error { return err },
			"panicked": func(err error) error { panic(err) },
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				var e engine.Engine
				c := aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
					send(sink, 1)
					return end(bad)
				})
				c.Gate = engine.NewGate(&engine.Policy{Breaker: engine.NewBreaker(3, time.Minute)})
				o := scrape(&e, time.Minute, c)[0]
				wantValues(t, o, 1)
				if kind := engine.KindOf(o.Err); kind != engine.KindPanic || o.Err.Error() == "" {
					t.Errorf("got %v, which is a %v", o.Err, kind)
				}
			})
		}
	}
}

type panickingError struct{ text, is, as bool }

func (e panickingError) Error() string {
	if e.text {
		panic("in Error")
	}
	return "an error"
}

func (e panickingError) Is(error) bool {
	if e.is {
		panic("in Is")
	}
	return false
}

func (e panickingError) As(any) bool {
	if e.as {
		panic("in As")
	}
	return false
}

// ownSelfError is an error that wraps itself, and manySelvesError one that wraps itself twice.
type (
	ownSelfError    struct{}
	manySelvesError struct{}
)

func (*ownSelfError) Error() string   { return "it is itself" }
func (e *ownSelfError) Unwrap() error { return e }

func (*manySelvesError) Error() string     { return "it is itself" }
func (e *manySelvesError) Unwrap() []error { return []error{e, e} }

// TestErrorThatWrapsItself checks that an error that wraps itself costs only its collector, whether it is
// returned or the value of a panic. With such an error, errors.Is would not end, or overflow the stack.
func TestErrorThatWrapsItself(t *testing.T) {
	deep := errOwn
	for range 10_000 {
		deep = errors.Join(deep)
	}
	for name, bad := range map[string]error{"one": new(ownSelfError), "many": new(manySelvesError), "deep": deep} {
		for way, run := range map[string]engine.Run{
			"returned": func(context.Context, engine.Running, engine.Sink) error { return bad },
			"panic":    func(context.Context, engine.Running, engine.Sink) error { panic(bad) },
		} {
			t.Run(name+"/"+way, func(t *testing.T) {
				outcomes := new(engine.Engine).Collect(t.Context(), jobs(aware(run), quick()))
				wantValues(t, outcomes[1], 1)
				if outcomes[0].Err == nil || outcomes[0].Err.Error() == "" || errors.Is(outcomes[0].Err, context.Canceled) {
					t.Errorf("got error %v", outcomes[0].Err)
				}
			})
		}
	}
}
