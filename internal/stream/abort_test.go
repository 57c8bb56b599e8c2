package stream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/stream"
)

// TestDrainEnds checks all ways in which Drain ends, and that it releases the collectors.
func TestDrainEnds(t *testing.T) {
	errShutdown := errors.New("shutdown")
	tests := []struct {
		name  string
		w     io.Writer
		want  error
		panic bool
	}{
		{"the first write fails", &gone{0}, errGone, false},
		{"a later write fails", &gone{5}, errGone, false},
		{"the client's context ends", writerFunc(func(p []byte) (int, error) { time.Sleep(time.Second); return len(p), nil }), errShutdown, false},
		{"the writer panics", writerFunc(func([]byte) (int, error) { panic("boom") }), nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := text()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(10*time.Second, func() { cancel(errShutdown) })
				ends := make(chan error)
				outs := []*stream.Stream{m.Open(), m.Open(), m.Open()}
				for i, out := range outs {
					p := &producer{sink: out, family: gauge(string(rune('a' + i)))}
					go func() { ends <- p.send(-1) }()
				}
				var panicked *engine.PanicError
				err := engine.Try(func() error { return m.Drain(ctx, test.w) })
				if errors.As(err, &panicked) != test.panic || !test.panic && err != test.want { //nolint:errorlint // It must be the same error.
					t.Errorf("got %v, want %v", err, test.want)
				}
				for range outs {
					if err := <-ends; err != engine.ErrAbandoned { //nolint:errorlint // Sinks document it.
						t.Errorf("a collector was told %v", err)
					}
				}
				for _, out := range outs {
					out.Close()
					out.Close()
				}
			})
		})
	}
}

// TestSilentStream checks that the client's context also ends the wait for a stream that sends nothing.
func TestSilentStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		out := m.Open()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := m.Drain(ctx, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		out.Close()
	})
}

// TestCloseLetsGo checks that Close releases a collector that waits, and that the samples it has sent are
// written.
func TestCloseLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		out := m.Open()
		p := &producer{sink: out, family: gauge("f")}
		end := make(chan error, 1)
		go func() { end <- p.send(-1) }()
		synctest.Wait()
		out.Close()
		if err := <-end; err != engine.ErrAbandoned { //nolint:errorlint // Sinks document it.
			t.Errorf("got %v", err)
		}
		out.Drop(errGone)
		if errs := out.Dropped().Errors(); len(errs) != 0 {
			t.Errorf("reported late: %v", errs)
		}
		var w bytes.Buffer
		if err := m.Drain(t.Context(), &w); err != nil {
			t.Fatal(err)
		}
		whole(t, w.Bytes(), map[string]int{"f": int(p.sent.Load())})
	})
}

// TestEngine runs collectors as a scrape does: one ends, one fails, one panics, one is stuck, and one sends
// more than the client reads until the deadline.
func TestEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			m       = text()
			e       engine.Engine
			release = make(chan struct{})
		)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		run := func(name string, n int, then func() error) engine.Job {
			return engine.Job{Sink: m.Open(), Collector: &engine.Collector{Name: name, Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				p := &producer{sink: sink, family: gauge(name)}
				return errors.Join(p.send(n), then())
			}}}
		}
		jobs := []engine.Job{
			run("stuck", 60, func() error {
				<-release
				return nil
			}),
			run("good", 300, func() error { return nil }),
			run("failing", 200, func() error { return errGone }),
			run("panicking", 100, func() error { panic("boom") }),
			run("endless", -1, func() error { return nil }),
		}
		outcomes := make(chan []engine.Outcome, 1)
		go func() { outcomes <- e.Collect(ctx, jobs) }()
		var w bytes.Buffer
		if err := m.Drain(t.Context(), writerFunc(func(p []byte) (int, error) {
			time.Sleep(10 * time.Millisecond)
			return w.Write(p)
		})); err != nil {
			t.Fatal(err)
		}
		out := <-outcomes
		for i, want := range map[int]error{0: context.DeadlineExceeded, 1: nil, 2: errGone, 4: context.DeadlineExceeded} {
			if err := out[i].Err; !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", jobs[i].Collector.Name, err, want)
			}
		}
		if !errors.As(out[3].Err, new(*engine.PanicError)) {
			t.Errorf("got %v", out[3].Err)
		}
		for _, last := range []string{`stuck{i="59"`, `good{i="299"`, `failing{i="199"`, `panicking{i="99"`} {
			if !bytes.Contains(w.Bytes(), []byte(last)) {
				t.Errorf("no %s in %d bytes", last, w.Len())
			}
		}
		close(release)
	})
}
