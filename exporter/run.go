package exporter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// closeTimeout is how long collectors' runs in flight may go on after the server has drained.
const closeTimeout = 5 * time.Second

// Run runs an exporter with the given arguments, which do not include the program's name, until ctx is
// done. Then it drains the server and returns nil. It returns an error if the arguments or the
// configuration are invalid, if it cannot listen, or if it had to cut off requests in flight. With
// --help, --version or --config.check, it prints to [Config.Output] and returns.
//
// Run never exits the process. On Unix, SIGHUP reloads the configuration while Run runs.
func Run(ctx context.Context, config Config, args []string) error {
	e, err := New(config)
	if err != nil {
		return err
	}
	return run(ctx, config, args, e)
}

// Main runs an exporter with the program's arguments until the process gets SIGTERM or SIGINT. Then it
// exits with status 0, or with status 1 after printing an error. A second signal ends the process at
// once.
func Main(config Config) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // After that, signals have their usual effect.
	if err := Run(ctx, config, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: error: %v\n", config.Name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runner has the methods of [Exporter] that run needs.
type runner interface {
	AddFlags(f Flagger)
	Check(ctx context.Context) error
	Load(ctx context.Context) error
	Serve(ctx context.Context) error
	Close(ctx context.Context) error
}

func run(ctx context.Context, config Config, args []string, e runner) (err error) {
	c := newCommand(&config, e.AddFlags)
	if ended, err := c.parse(args); ended || err != nil {
		return err
	}
	if c.check {
		if err := e.Check(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.output, "The configuration is valid.")
		return err
	}
	// A SIGHUP that arrives before Serve handles it must not end the process.
	_, stop := notifyHangup()
	defer stop()
	defer func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err = errors.Join(err, e.Close(limit))
	}()
	if err := e.Load(ctx); err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil // The program was told to stop.
		}
		return err
	}
	return e.Serve(ctx)
}
