// Package exporter turns a program into a Prometheus exporter. The program provides collectors, probers
// or both. The package adds flags, a configuration file, a web server with TLS and passwords, health
// pages, reloading, and metrics about the collectors.
//
// This is a complete exporter:
//
//	package main
//
//	import (
//		"context"
//		"log/slog"
//		"os"
//
//		"github.com/luxfi/metric"
//		"github.com/luxfi/metric/exporter"
//	)
//
//	var files = metric.NewDesc("spool_files", "Number of files in the directory.", nil, nil)
//
//	func main() {
//		var directory *string
//		exporter.Main(exporter.Config{
//			Name:    "spool_exporter",
//			Address: ":19100",
//			Flags: func(f exporter.Flagger) {
//				directory = f.Flag("spool.directory", "Directory to look at.").Default("/var/spool").String()
//			},
//			Collectors: []exporter.Collector{{
//				Name: "files",
//				New: func(context.Context, *slog.Logger) (metric.Collector, error) {
//					collect := func(ctx context.Context, sink *metric.Sink) error {
//						entries, err := os.ReadDir(*directory)
//						if err != nil {
//							return err
//						}
//						return sink.Gauge(files, float64(len(entries)))
//					}
//					return metric.NewStreamFunc([]*metric.Desc{files}, collect), nil
//				},
//			}},
//		})
//	}
//
// Run it with --help to see all flags. Its page / links to all pages. A scrape of /metrics returns
//
//	spool_files 12
//	spool_scrape_collector_success{collector="files"} 1
//	spool_scrape_collector_duration_seconds{collector="files"} 0.000061
//
// and metrics of the process. If the directory cannot be read, the exposition lacks spool_files, the
// success is 0, the error is in the log and on the page /status, and everything else is served.
//
// # Running
//
// [Main] is the whole main function of a program. [Run] is for tests and for programs that have a
// context of their own: it parses arguments, loads the configuration, makes the collectors, listens, and
// serves until its context is done. Then it finishes the requests in flight and closes the collectors.
// [Exporter] offers these steps as methods, for programs that have other commands or their own server.
//
// # Collectors
//
// A [Collector] has a name and a function New. The flag --[no-]collector.<name>, the section in the
// configuration file, the parameter collect[] and the label collector use the name. If New fails,
// scrapes call it again until it succeeds, unless its error wraps [ErrInvalid]. A collector that has
// nothing to report returns [ErrNoData]. A collector that implements [io.Closer] is closed after its
// last run.
//
// A [Policy] limits how long a collector runs, caches its results, or runs it in the background. Flags
// and the configuration file can change it.
//
// [Config.Ping] adds the gauge <namespace>_up. [NewUp] returns such gauges for several backends.
//
// # Configuration
//
// The file that --config.file names enables collectors, sets their policies, and contains the modules
// for probes. [Config.Settings] adds the program's own keys, whose values can be of type [Secret], and
// [Config.Configure] makes collectors from them. [Share] opens resources that several collectors use.
// SIGHUP and POST /-/reload load the file again. If that fails, nothing changes. Collectors whose
// settings are the same keep running.
//
// # Probes
//
// [Config.Probers] adds /probe?target=…&module=…, as in blackbox_exporter. See package
// [github.com/luxfi/metric/exporter/probe].
//
// The flags, the pages and the keys of the file are described in
// https://github.com/luxfi/metric/blob/main/docs/exporters.md. A template for exporters, with tests,
// alerts and a dashboard, is in https://github.com/luxfi/metric/tree/main/examples/exporter.
package exporter
