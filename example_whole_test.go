package metric_test

import (
	"context"
	"fmt"

	"github.com/luxfi/metric"
)

// printText prints the exposition of a registry in the text format.
func printText(registry *metric.ContextRegistry) { fmt.Print(servedText(registry)) }

// A vector mirrors a list. Each time the program reads the list, it replaces all series at once.
func ExampleGaugeVec_Replace() {
	latency := metric.NewGaugeVec(metric.GaugeOpts{
		Name: "peer_latency_seconds",
		Help: "The round-trip time to the connected peers.",
	}, []string{"peer"})
	registry := metric.NewContextRegistry()
	registry.MustRegister(latency)

	update := func(peers map[string]float64) {
		latency.Replace(func(latency *metric.GaugeVec) {
			for peer, seconds := range peers {
				latency.WithLabelValues(peer).Set(seconds)
			}
		})
	}
	update(map[string]float64{"alpha": 0.012, "beta": 0.031})
	update(map[string]float64{"beta": 0.027, "gamma": 0.04}) // Alpha has disconnected.
	printText(registry)
	// Output:
	// # HELP peer_latency_seconds The round-trip time to the connected peers.
	// # TYPE peer_latency_seconds gauge
	// peer_latency_seconds{peer="beta"} 0.027
	// peer_latency_seconds{peer="gamma"} 0.04
}

// One function exposes the rows of a query as many series of two families.
func ExampleNewStreamFunc() {
	depth := metric.NewDesc("queue_depth", "Messages that wait.", []string{"queue"}, nil)
	handled := metric.NewDesc("queue_handled_total", "Messages that were handled.", []string{"queue"}, nil)
	queues := func(context.Context) ([]queue, error) { // A real program queries the broker under the context.
		return []queue{{"mail", 3, 17}, {"billing", 0, 4}}, nil
	}

	registry := metric.NewContextRegistry()
	registry.MustRegister(metric.NewStreamFunc([]*metric.Desc{depth, handled},
		func(ctx context.Context, sink *metric.Sink) error {
			all, err := queues(ctx)
			if err != nil {
				return err
			}
			for _, q := range all {
				if err := sink.Gauge(depth, q.depth, q.name); err != nil {
					return err // The scrape is over.
				}
			}
			for _, q := range all {
				if err := sink.Counter(handled, q.handled, q.name); err != nil {
					return err
				}
			}
			return nil
		}))
	printText(registry)
	// Output:
	// # HELP queue_depth Messages that wait.
	// # TYPE queue_depth gauge
	// queue_depth{queue="mail"} 3
	// queue_depth{queue="billing"} 0
	// # HELP queue_handled_total Messages that were handled.
	// # TYPE queue_handled_total counter
	// queue_handled_total{queue="mail"} 17
	// queue_handled_total{queue="billing"} 4
}

type queue struct {
	name           string
	depth, handled float64
}

// In every scrape, there are at most as many failures as requests.
func ExampleBundle() {
	requests := metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests."})
	failures := metric.NewCounterVec(metric.CounterOpts{Name: "failures_total", Help: "Failed requests."}, []string{"reason"})
	bundle := metric.NewBundle(requests, failures)
	registry := metric.NewContextRegistry()
	registry.MustRegister(bundle) // and not its members

	bundle.Apply(metric.AddTo(requests, 1))
	bundle.Apply(metric.AddTo(requests, 1), metric.AddTo(failures.WithLabelValues("timeout"), 1))
	printText(registry)
	// Output:
	// # HELP failures_total Failed requests.
	// # TYPE failures_total counter
	// failures_total{reason="timeout"} 1
	// # HELP requests_total Requests.
	// # TYPE requests_total counter
	// requests_total 2
}

// Two parts of a program use the same counter without knowing about each other.
func ExampleGetOrRegister() {
	registry := metric.NewContextRegistry()
	opts := metric.CounterOpts{Name: "retries_total", Help: "Retries."}

	retries, err := metric.GetOrRegister(registry, metric.NewCounter(opts))
	if err != nil {
		fmt.Println(err)
		return
	}
	retries.Inc()

	same, err := metric.GetOrRegister(registry, metric.NewCounter(opts))
	fmt.Println(same.Get(), err)

	opts.Help = "Attempts."
	_, err = metric.GetOrRegister(registry, metric.NewCounter(opts))
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// metric: "retries_total" is a counter with help "Retries." already, and cannot be a counter with help "Attempts." too: they differ in help
}
