package probe

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func debugLogger(to io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func infoLogger(to io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(to, nil)) }

// TestProbesLogAtDebug checks that everything that a prober logs has level debug, and that the log has no
// credentials.
func TestProbesLogAtDebug(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo} {
		var log buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
		h := serving(t, "modules: {a: {}}", Opts{Logger: logger, Probers: []Prober{prober(func(_ context.Context, p *Probe) error {
			p.Logger.WithGroup("g").With("k", "v").Error("something", "n", 1)
			return nil
		})}})
		ask(h, "http://user:topsecret@host/")
		if got := strings.Contains(log.String(), `level=DEBUG msg=something module=a target=`); got != (level == slog.LevelDebug) {
			t.Errorf("at level %v:\n%s", level, log.String())
		}
		if strings.Contains(log.String(), "topsecret") {
			t.Errorf("credentials in:\n%s", log.String())
		}
	}
}

// TestFloodOfFailures checks that the log of many failures is limited, and says how many lines it lacks.
func TestFloodOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log buffer
		h := serving(t, "modules: {a: {}}", Opts{Logger: infoLogger(&log), Probers: []Prober{prober(func(context.Context, *Probe) error {
			return errors.New("dial password=hunter2: refused")
		})}})
		for range 1000 {
			ask(h, "x")
		}
		if n := strings.Count(log.String(), "A probe has failed"); n != burst {
			t.Errorf("%d lines, want %d", n, burst)
		}
		time.Sleep(lineEvery)
		ask(h, "x")
		if !strings.Contains(log.String(), "lines_omitted=980") {
			t.Error("the omitted lines are not mentioned")
		}
		if strings.Contains(log.String(), "hunter2") {
			t.Error("a credential is in the log")
		}
	})
}

// TestRefusalIsLoggedWithWhatIsAllowed checks that the log of a refused target names the allowed targets.
func TestRefusalIsLoggedWithWhatIsAllowed(t *testing.T) {
	var log buffer
	h := serving(t, "modules: {a: {}}\ntargets: {allow: [10.0.0.0/8]}", Opts{Logger: infoLogger(&log), Probers: []Prober{prober(up)}})
	if w := ask(h, "11.0.0.1"); w.Code != 403 {
		t.Errorf("status %d", w.Code)
	}
	if !strings.Contains(log.String(), "10.0.0.0/8") {
		t.Errorf("log:\n%s", log.String())
	}
}

type panickingHandler struct{ slog.Handler }

func (p panickingHandler) Handle(context.Context, slog.Record) error { panic("the log is full") }
func (p panickingHandler) WithAttrs([]slog.Attr) slog.Handler        { return p }
func (p panickingHandler) Enabled(context.Context, slog.Level) bool  { return true }

func TestLoggerThatPanics(t *testing.T) {
	h := serving(t, "modules: {a: {}}", Opts{
		Logger:  slog.New(panickingHandler{slog.DiscardHandler}),
		Probers: []Prober{prober(func(context.Context, *Probe) error { return errors.New("down") })},
	})
	has(t, ask(h, "x"), fails)
}
