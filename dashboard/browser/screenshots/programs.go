package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/luxfi/metric/dashboard"
	"github.com/luxfi/metric/dashboard/browser/fixture"
)

// opened matches the line that the quickstart prints when its server has started.
var opened = regexp.MustCompile(`The shop is open on (http://\S+) `)

// startShop builds and starts the quickstart. It returns the URL of its dashboard, and a function
// that stops it.
func startShop(ctx context.Context, o options) (url string, stop func() error, err error) {
	dir, err := os.MkdirTemp("", "screenshots")
	if err != nil {
		return "", nil, err
	}
	program := filepath.Join(dir, "quickstart")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./quickstart")
	build.Dir = o.examples
	if out, err := build.CombinedOutput(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("building the quickstart in %s: %w\n%s", o.examples, err, out), os.RemoveAll(dir))
	}
	shop := exec.CommandContext(ctx, program, "-listen", "127.0.0.1:0")
	shop.Stderr = os.Stderr
	shop.Cancel = func() error { return shop.Process.Signal(os.Interrupt) }
	shop.WaitDelay = 10 * time.Second
	out, err := shop.StdoutPipe()
	if err == nil {
		err = shop.Start()
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("starting the quickstart: %w", err), os.RemoveAll(dir))
	}
	stop = func() error {
		return errors.Join(shop.Process.Signal(os.Interrupt), shop.Wait(), os.RemoveAll(dir))
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := opened.FindStringSubmatch(lines.Text()); found != nil {
			go func() {
				for lines.Scan() {
				}
			}()
			return found[1] + "/dashboard/", stop, nil
		}
	}
	return "", nil, errors.Join(errors.New("the quickstart ended before it was open"), stop())
}

// startFixture serves the dashboard of the fixture in this process. It returns the dashboard's URL,
// and a function that stops the server.
func startFixture(ctx context.Context, _ options) (url string, stop func() error, err error) {
	program := fixture.New(fixture.Collectors, fixture.Instruments, fixture.Remote, fixture.Pushes, fixture.Evil)
	board, err := dashboard.New(program.Registry, dashboard.Opts{
		Title: "shop", History: time.Hour, HistoryInterval: time.Second, TraceURL: "https://traces.example/{trace_id}",
	})
	if err != nil {
		return "", nil, errors.Join(err, program.Close())
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, errors.Join(err, board.Close(), program.Close())
	}
	server := &http.Server{Handler: board, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stop = func() error {
		err := errors.Join(board.Close(), server.Close(), program.Close())
		if closed := <-served; !errors.Is(closed, http.ErrServerClosed) {
			err = errors.Join(err, closed)
		}
		return err
	}
	return "http://" + listener.Addr().String() + "/", stop, nil
}
