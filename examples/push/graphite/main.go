// Graphite pushes metrics to a Graphite server, or to another server that accepts Graphite's plaintext
// protocol, such as VictoriaMetrics.
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
	"github.com/luxfi/metric/graphite"
	"github.com/luxfi/metric/push"
)

func main() {
	address := flag.String("address", "127.0.0.1:2003", "`address` of the Graphite server")
	interval := flag.Duration("interval", 15*time.Second, "`time` between pushes")
	hang := flag.Bool("hang", false, "add a collector that never returns")
	flag.Parse()

	program := demo.New(*hang)
	ctx, stop := context.WithCancel(context.Background())
	loop := push.Every(ctx, func(ctx context.Context) error {
		return send(ctx, *address, push.Partial(ctx, program.Registry))
	}, push.LoopOpts{Name: "graphite", Interval: *interval, Registry: program.Registry})

	program.Run()
	stop()
	if err := loop.Wait(); err != nil {
		log.Print("the last push: ", err)
	}
}

// send pushes what g gathers. A bridge takes no context. Its timeout limits only the time to connect, and
// nothing limits the time to write. If a server accepts connections but does not read, the loop waits for
// this push and reports it as stuck.
func send(ctx context.Context, address string, g *push.PartialGatherer) error {
	deadline, _ := ctx.Deadline()
	bridge, err := graphite.NewBridge(&graphite.Config{
		URL:           address,
		Prefix:        "example",
		UseTags:       true,
		Gatherer:      g,
		Timeout:       time.Until(deadline),
		ErrorHandling: graphite.AbortOnError, // Push returns an error only if g has gathered nothing.
	})
	if err != nil {
		return err
	}
	return errors.Join(bridge.Push(), g.Err())
}
