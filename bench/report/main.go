// Report runs the benchmarks for which the project has targets, and prints the results: the figures of
// the peers and of the library, and whether their ratio meets the target. Run it in the parent folder:
//
//	go run ./report
//
// All ratios compare figures of one run. The peers take turns within a round, and the report prints
// medians over the rounds, so a machine that is slow for a while is slow for all peers. With -docs, the
// program also measures how the figures grow with goroutines and series, and writes a page with plots. With
// -readme, it copies some figures of that page into a README.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often the benchmarks take turns; short ones run several times in each round; 0 runs no benchmark")
	docs := flag.String("docs", "", "the folder to write benchmarks.md and its plots to; nothing is written if it is empty")
	readme := flag.String("readme", "", "the README to copy figures of benchmarks.md to, which is in the folder of -docs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if *rounds > 0 {
		err = run(ctx, *rounds, *docs)
	}
	if err == nil && *readme != "" {
		err = writeFigures(*docs, *readme)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, docs string) error {
	r, err := newRunner(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.run(ctx, targetRuns(), rounds); err != nil {
		return err
	}
	rows := standings(targets(), r.samples)
	fmt.Println(plainTable(rows))
	if docs == "" {
		return nil
	}
	if err := r.run(ctx, curveRuns(), min(rounds, 3)); err != nil {
		return err
	}
	return writePage(ctx, docs, r, rows)
}
