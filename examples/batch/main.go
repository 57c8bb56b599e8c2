// Batch runs a command: batch URL command args. It pushes metrics whether the command succeeds, fails,
// panics or receives SIGTERM.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

func main() {
	reg, start := metric.NewContextRegistry(), time.Now()
	m := metric.NewWithRegistry("batch", reg)
	success, seconds := m.NewGauge("success", "1 if the command succeeded."), m.NewGauge("duration_seconds", "Run time.")
	pusher, err := remotewrite.New(os.Args[1], reg, remotewrite.Opts{KeepOnClose: true})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { // This also runs after a panic.
		seconds.Set(time.Since(start).Seconds())
		if err = errors.Join(err, pusher.Close(context.Background())); err != nil {
			log.Fatal(err)
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err = exec.CommandContext(ctx, os.Args[2], os.Args[3:]...).Run(); err == nil {
		success.Set(1)
	}
}
