// Pushgateway pushes metrics to a Prometheus Pushgateway.
//
// Each push has a deadline, which also limits the collectors. The program pushes the metrics that were
// collected in time, even if a collector hangs: try the flag -hang. The log lists the missing collectors.
// The final push takes place after the program's work has ended.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"time"

	"github.com/luxfi/metric/examples/push/demo"
	"github.com/luxfi/metric/push"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:9091", "`URL` of the Pushgateway")
	interval := flag.Duration("interval", 15*time.Second, "`time` between pushes")
	hang := flag.Bool("hang", false, "add a collector that never returns")
	flag.Parse()

	program := demo.New(*hang)
	ctx, stop := context.WithCancel(context.Background())
	loop := push.Every(ctx, func(ctx context.Context) error {
		g := push.Partial(ctx, program.Registry)
		err := push.New(*url, "demo").Gatherer(g).PushContext(ctx)
		return errors.Join(err, g.Err())
	}, push.LoopOpts{Name: "pushgateway", Interval: *interval, Registry: program.Registry})

	program.Run()
	stop()
	if err := loop.Wait(); err != nil {
		log.Print("the last push: ", err)
	}
}
