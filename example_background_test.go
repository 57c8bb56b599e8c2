package metric_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/luxfi/metric"
)

// A collector that takes longer than any scrape runs once an hour, however many scrapes there are. Scrapes
// get its last result immediately.
func ExampleWithBackground() {
	registry := metric.NewContextRegistry()
	disks := metric.NewCollectorFunc(describeAnswer, func(ctx context.Context, ch chan<- metric.Metric) {
		select {
		case <-time.After(10 * time.Millisecond): // Reading every file takes a while.
			ch <- answer(42)
		case <-ctx.Done(): // The limit has been reached, or the registry was closed.
		}
	})
	err := registry.RegisterWith(disks,
		metric.WithName("disks"),
		metric.WithBackground(time.Hour),
		metric.WithTimeout(10*time.Minute),
		metric.WithStale(3*time.Hour),
	)
	if err != nil {
		log.Fatal(err)
	}
	for range 3 { // The first scrape waits for the first run.
		families, err := registry.Gather()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(families[0].GetName(), families[0].GetMetric()[0].GetGauge().GetValue())
	}
	fmt.Println("runs:", registry.Status()[0].Runs)
	if err := registry.Close(); err != nil {
		log.Fatal(err)
	}
	_, err = registry.Gather()
	fmt.Println(err)
	// Output:
	// answer 42
	// answer 42
	// answer 42
	// runs: 1
	// the registry is closed: it runs nothing in the background any more
}
