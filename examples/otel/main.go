// Otel is a shop that is measured only by OpenTelemetry: by the instrumentation libraries otelhttp,
// otelgrpc and runtime, and by a few instruments of the shop that use OpenTelemetry's metric API. All of
// them record through package otelmetric into a registry that /metrics serves.
// metric API. All of them record through package otelmetric, into a registry that /metrics serves.
//
// An HTTP client sends each order to the shop (orders.go). The shop asks another service over gRPC whether
// the goods are in stock (stock.go). One trace covers both steps, and exemplars lead from the metrics to it
// (telemetry.go).
//
// With -demo, the shop sends itself orders. With -otlp, it also pushes its metrics by OpenTelemetry's
// protocol (otlp.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	address := flag.String("listen", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	demo := flag.Int("demo", 0, "`number` of orders that the shop sends itself")
	otlp := flag.String("otlp", "", "`URL` to push metrics to, such as http://127.0.0.1:4318/v1/metrics")
	interval := flag.Duration("interval", 15*time.Second, "`time` between two pushes")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *address, *demo, *otlp, *interval)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run serves the shop until ctx is done.
func run(ctx context.Context, address string, demo int, otlp string, interval time.Duration) (err error) {
	var closers []func(context.Context) error
	defer func() { // The shop closes first, so that the final push includes its last measurements.
		shutdownCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		for _, closes := range slices.Backward(closers) {
			err = errors.Join(err, closes(shutdownCtx))
		}
	}()

	t, err := startTelemetry()
	if err != nil {
		return err
	}
	closers = append(closers, t.shutdown)
	if otlp != "" {
		pushing, err := startPushing(ctx, t, otlp, interval)
		if err != nil {
			return err
		}
		closers = append(closers, pushing.Shutdown)
	}
	s, err := openShop(ctx, t, address)
	if err != nil {
		return err
	}
	closers = append(closers, s.close)

	fmt.Printf("metrics: %s/metrics\n", s.url)
	for i := range demo {
		if err := s.order(ctx, demoOrder(i)); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// demoOrder returns the i-th order of the demonstration.
func demoOrder(i int) order {
	goods := []string{"apples", "pears", "unicorns"} // Unicorns are never in stock.
	return order{Goods: goods[i%len(goods)], Pieces: 1 + i%12, Customer: fmt.Sprintf("customer-%d", i)}
}
