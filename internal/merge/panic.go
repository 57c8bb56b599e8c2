package merge

import (
	"runtime/debug"

	"github.com/luxfi/metric/internal/engine"
)

// survive is deferred while a native source is read and its points are written. It reports a panic of the
// source. Instruments run no user code, so such a panic is a bug in this library, and must not cost the
// other families. Points written before the panic are served. A panic of the sink goes on, since half a
// point may have been written.
//
// One deferred call for each family costs nothing that shows in a scrape. One for each series would.
func (w *writer) survive() {
	if !w.reading {
		return
	}
	w.reading = false
	if value := recover(); value != nil {
		w.in.reportPanic(*w.at, value)
	}
}

// look calls a function that inspects native sources before they are written. If a source panics, the same
// panic occurs again, and is reported, when the source is written.
func look(f func()) {
	_ = engine.Try(func() error {
		f()
		return nil
	})
}

// reportPanic reports that reading a native source has panicked.
func (in *Input) reportPanic(of Owner, value any) {
	in.Report(Finding{Owner: of, Err: &engine.PanicError{Value: value, Stack: debug.Stack()}})
}
