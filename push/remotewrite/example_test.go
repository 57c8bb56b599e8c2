package remotewrite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/signal"
	"syscall"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq/writereqtest"
	"github.com/luxfi/metric/push/remotewrite"
)

// A batch job pushes once, at its end: Close pushes the final values. With KeepOnClose, queries still find
// them afterwards.
func ExampleNew() {
	server := startReceiver()
	defer server.Close()

	registry := metric.NewContextRegistry()
	rows := metric.NewGauge(metric.GaugeOpts{Name: "import_rows", Help: "Rows of the last import."})
	registry.MustRegister(rows)
	pusher, err := remotewrite.New(server.URL, registry, remotewrite.Opts{
		ExternalLabels: metric.Labels{"job": "import"},
		KeepOnClose:    true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	rows.Set(42) // the work

	if err := pusher.Close(context.Background()); err != nil {
		fmt.Println(err) // names the targets that did not receive everything
	}
	// Output:
	// import_rows{job="import"} 42
}

// Push returns when every target has accepted or rejected the metrics.
func ExamplePusher_Push() {
	server := startReceiver()
	defer server.Close()

	registry := metric.NewContextRegistry()
	steps := metric.NewCounter(metric.CounterOpts{Name: "steps_total", Help: "Steps done."})
	registry.MustRegister(steps)
	pusher, err := remotewrite.New(server.URL, registry, remotewrite.Opts{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		steps.Inc()
		if err := pusher.Push(context.Background()); err != nil {
			fmt.Println(err) // names the collectors and targets that failed; the next push sends the rest
		}
	}
	fmt.Println("closing")
	if err := pusher.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// steps_total 1
	// steps_total 2
	// closing
	// steps_total 2
	// steps_total stale
}

// A service pushes at an interval until it receives a signal. Close then pushes the final values and marks
// the series as stale.
func ExamplePusher_Run() {
	server := startReceiver()
	defer server.Close()

	registry := metric.NewContextRegistry()
	requests := metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests served."})
	registry.MustRegister(requests)
	pusher, err := remotewrite.New(server.URL, registry, remotewrite.Opts{Interval: 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	go func() {
		requests.Inc() // the work
		stop()         // A signal has the same effect.
	}()
	err = pusher.Run(ctx)

	// ctx is done, so Close needs another context.
	closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(errors.Join(err, pusher.Close(closing)))
	// Output:
	// requests_total 1
	// requests_total stale
	// <nil>
}

// startReceiver starts a receiver that prints the samples of each request.
func startReceiver() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			fmt.Println(err)
		}
		data, err := writebody.Decompress(nil, body)
		if err != nil {
			fmt.Println(err)
		}
		request, err := writereqtest.DecodeV2(data)
		if err != nil {
			fmt.Println(err)
		}
		n := 0
		for i := range request.Series {
			s := &request.Series[i]
			for _, sample := range s.Samples {
				n++
				if (point{value: sample.Value}).stale() {
					fmt.Println(s.Key(), "stale")
				} else {
					fmt.Println(s.Key(), sample.Value)
				}
			}
		}
		w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", fmt.Sprint(n))
		w.WriteHeader(http.StatusNoContent)
	}))
}
