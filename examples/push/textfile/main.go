// Textfile writes metrics to a file for the textfile collector of the Prometheus node exporter.
//
// Each write has a deadline, which also limits the collectors. The program writes the metrics that were
// collected in time, even if a collector hangs: try the flag -hang. The log lists the missing collectors.
// The final write takes place after the program's work has ended.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/examples/push/demo"
	"github.com/luxfi/metric/push"
)

func main() {
	file := flag.String("file", "demo.prom", "`file` in the directory of the textfile collector, with the ending .prom")
	interval := flag.Duration("interval", 15*time.Second, "`time` between writes")
	hang := flag.Bool("hang", false, "add a collector that never returns")
	flag.Parse()

	program := demo.New(*hang)
	ctx, stop := context.WithCancel(context.Background())
	loop := push.Every(ctx, func(ctx context.Context) error {
		g := push.Partial(ctx, program.Registry)
		err := metric.WriteToTextfile(*file, g)
		return errors.Join(err, g.Err())
	}, push.LoopOpts{Name: "textfile", Interval: *interval, Registry: program.Registry})

	program.Run()
	stop()
	if err := loop.Wait(); err != nil {
		log.Print("the last write: ", err)
	}
}
