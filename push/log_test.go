package push_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/push"
)

// lines collects the lines of a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// logger returns a logger that writes lines without a time.
func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case a.Key == slog.TimeKey && len(groups) == 0:
			return slog.Attr{}
		case a.Key == "stack":
			return slog.Bool("stack", strings.Contains(a.Value.String(), "TestEveryLogs"))
		}
		return a
	}}))
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(strings.Lines(l.text.String()))
}

// TestEveryLogs checks which results are logged of calls that are 15 seconds apart.
func TestEveryLogs(t *testing.T) {
	repeat := func(n int, err error) []error { return slices.Repeat([]error{err}, n) }
	changing := make([]error, 9)
	for i := range changing {
		changing[i] = fmt.Errorf("port %d: %w", 40000+i, errTest)
	}
	const failed, again = "level=ERROR msg=\"pushing metrics failed\" push=test kind=error error=", "level=INFO msg=\"pushing metrics works again\" push=test failures="
	for name, tc := range map[string]struct {
		results []error
		want    []string
	}{
		"good":        {repeat(9, nil), nil},
		"same error":  {repeat(9, errTest), []string{failed + `"no luck"`, failed + `"no luck" suppressed=3`, failed + `"no luck" suppressed=3`}},
		"two errors":  {append(repeat(3, errTest), errors.New("other")), []string{failed + `"no luck"`, failed + "other suppressed=2"}},
		"only digits": {changing, []string{failed + `"port 40000: no luck"`, failed + `"port 40004: no luck" suppressed=3`, failed + `"port 40008: no luck" suppressed=3`}},
		"recovery":    {append(repeat(3, errTest), nil, nil), []string{failed + `"no luck"`, again + "3"}},
		"flapping": {
			[]error{errTest, nil, errTest, nil, errTest, nil},
			[]string{failed + `"no luck"`, again + "1", failed + `"no luck" suppressed=1`, again + "1"},
		},
		"panic":             {[]error{errPanic, nil}, []string{"level=ERROR msg=\"pushing metrics failed\" push=test kind=panic error=\"panic: on purpose\" stack=true", again + "1"}},
		"error that panics": {[]error{(*nilError)(nil), nil}, []string{failed + "<nil>", again + "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				lines := new(lines)
				calls := 0
				loop := push.Every(ctx, func(context.Context) error {
					if calls++; calls > len(tc.results) {
						t.Error("there was one call too many")
						return nil
					}
					err := tc.results[calls-1]
					if err == errPanic { //nolint:errorlint // errors.Is would call methods that panic.
						panic("on purpose")
					}
					return err
				}, push.LoopOpts{Name: "test", Jitter: -1, FlushTimeout: -1, Logger: lines.logger()})
				time.Sleep(time.Duration(len(tc.results))*15*time.Second - time.Second)
				cancel()
				if err := loop.Wait(); err != nil {
					t.Error(err)
				}
				got := lines.all()
				for i := range got {
					got[i] = strings.TrimSuffix(got[i], "\n")
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("it has logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
				}
			})
		})
	}
}

var errPanic = errors.New("this call panics")

// nilError is an error whose method panics if it is nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// blocking is a handler that blocks until release is closed.
type blocking struct {
	slog.Handler
	release chan struct{}
}

func (b blocking) Handle(context.Context, slog.Record) error {
	<-b.release
	return nil
}

// TestEveryLoggerBlocks checks that a loop continues and ends while its logger blocks.
func TestEveryLoggerBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		opts, release := quiet(), make(chan struct{})
		defer close(release)
		opts.Interval = 10 * time.Second
		opts.Logger = slog.New(blocking{slog.NewTextHandler(new(lines), nil), release})
		loop := push.Every(ctx, func(context.Context) error { return errTest }, opts)
		time.Sleep(95 * time.Second)
		cancel()
		start := time.Now()
		if err := loop.Wait(); !errors.Is(err, errTest) {
			t.Errorf("got the error %v", err)
		}
		if s := loop.Status(); s.Runs != 11 || s.Skipped != 0 || time.Since(start) > 2*time.Second {
			t.Errorf("after %v: %+v", time.Since(start), s)
		}
	})
}
