package exporter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeRunner is an exporter that has only a web server and the flag --answer.
type fakeRunner struct {
	t         *testing.T
	config    Config
	flags     webFlags
	answer    int
	calls     []string
	loadErr   error
	checkErr  error
	closeErr  error
	listening chan []net.Addr
}

func (f *fakeRunner) AddFlags(to Flagger) {
	f.flags.add(to, &f.config)
	to.Flag("answer", "A number.").Default("42").IntVar(&f.answer)
}

func (f *fakeRunner) Check(context.Context) error {
	f.calls = append(f.calls, "check")
	return f.checkErr
}

func (f *fakeRunner) Load(ctx context.Context) error {
	f.calls = append(f.calls, "load")
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.loadErr
}

func (f *fakeRunner) Close(ctx context.Context) error {
	f.calls = append(f.calls, "close")
	if ctx.Err() != nil {
		f.t.Error("Close gets a context that is done")
	}
	return f.closeErr
}

func (f *fakeRunner) Serve(ctx context.Context) error {
	f.calls = append(f.calls, "serve")
	parts := testParts(f.t)
	parts.flags = &f.flags
	parts.listening = func(a []net.Addr) { f.listening <- a }
	return newTestServer(f.t, parts).serve(ctx)
}

func newFakeRunner(t *testing.T, output io.Writer) *fakeRunner {
	return &fakeRunner{
		t: t, listening: make(chan []net.Addr, 1),
		config: Config{Name: "test_exporter", Description: "Exports tests.", Address: "127.0.0.1:0", Output: output},
	}
}

func TestRunPrints(t *testing.T) {
	for _, test := range []struct {
		args  []string
		want  []string
		calls []string
	}{
		{[]string{"--help"}, []string{
			"Exports tests.", "usage: test_exporter", "--web.listen-address", "--web.config.file", "--web.telemetry-path", "--web.max-requests",
			"--[no-]web.disable-exporter-metrics", "--config.file", "config.check", "--log.level", "--log.format", "version", "--answer",
		}, nil},
		{[]string{"-h"}, []string{"usage: test_exporter"}, nil},
		{[]string{"--version"}, []string{"test_exporter, version", "go version"}, nil},
		{[]string{"--config.check"}, []string{"valid"}, []string{"check"}},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			var out bytes.Buffer
			f := newFakeRunner(t, &out)
			if err := run(t.Context(), f.config, test.args, f); err != nil {
				t.Error(err)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out.String())
				}
			}
			if !slices.Equal(f.calls, test.calls) {
				t.Errorf("calls %q, want %q", f.calls, test.calls)
			}
		})
	}
}

func TestRunBadArguments(t *testing.T) {
	for _, test := range []struct{ arg, want string }{
		{"--nonsense", "--nonsense"},
		{"--answer=x", "--answer"},
		{"--web.max-requests=many", "--web.max-requests"},
		{"--web.timeout=5", "--web.timeout"},
		{"--timeout-offset=soon", "--timeout-offset"},
		{"--log.level=loud", "--log.level"},
		{"--web.config.file", "web.config.file"},
		{"--answer=1 --answer=2", "answer"},
		{"argument", "argument"},
	} {
		t.Run(test.arg, func(t *testing.T) {
			var out bytes.Buffer
			f := newFakeRunner(t, &out)
			args := append([]string{"--web.listen-address=:1"}, strings.Fields(test.arg)...)
			wantError(t, run(t.Context(), f.config, args, f), test.want, "--help")
			if len(f.calls) > 0 || out.Len() > 0 {
				t.Errorf("calls %q, output %q", f.calls, out.String())
			}
		})
	}
}

func TestRunServes(t *testing.T) {
	f := newFakeRunner(t, io.Discard)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, f.config, []string{"--answer=7", "--web.telemetry-path=/m"}, f) }()
	address := (<-f.listening)[0].String()
	if a := mustDo(t, newClient(t, nil), "GET", "http://"+address+"/m"); a.status != 200 {
		t.Errorf("%d", a.status)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(wait):
		t.Fatal("Run has not returned")
	}
	if want := []string{"load", "serve", "close"}; !slices.Equal(f.calls, want) || f.answer != 7 {
		t.Errorf("calls %q, answer %d", f.calls, f.answer)
	}
}

func TestRunErrors(t *testing.T) {
	broken, open := errors.New("broken"), errors.New("still open")
	t.Run("load", func(t *testing.T) {
		f := newFakeRunner(t, io.Discard)
		f.loadErr, f.closeErr = broken, open
		err := run(t.Context(), f.config, nil, f)
		if !errors.Is(err, broken) || !errors.Is(err, open) || !slices.Equal(f.calls, []string{"load", "close"}) {
			t.Errorf("%v, calls %q", err, f.calls)
		}
	})
	t.Run("check", func(t *testing.T) {
		var out bytes.Buffer
		f := newFakeRunner(t, &out)
		f.checkErr = broken
		if err := run(t.Context(), f.config, []string{"--config.check"}, f); !errors.Is(err, broken) || out.Len() > 0 {
			t.Errorf("%v, output %q", err, out.String())
		}
	})
	t.Run("stopped while loading", func(t *testing.T) {
		f := newFakeRunner(t, io.Discard)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := run(ctx, f.config, nil, f); err != nil || !slices.Equal(f.calls, []string{"load", "close"}) {
			t.Errorf("%v, calls %q", err, f.calls)
		}
	})
	t.Run("serve", func(t *testing.T) {
		f := newFakeRunner(t, io.Discard)
		err := run(t.Context(), f.config, []string{"--web.listen-address=nonsense"}, f)
		wantError(t, err, "nonsense")
		if !slices.Equal(f.calls, []string{"load", "serve", "close"}) {
			t.Errorf("calls %q", f.calls)
		}
	})
}
