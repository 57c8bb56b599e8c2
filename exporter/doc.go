// Package exporter makes a program an exporter for Prometheus. The program provides collectors,
// probers or both; the package adds flags, a configuration file, a web server with TLS and passwords,
// health pages, reload, and metrics about the collectors.
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
// Its flag --help lists all flags, and its page / links to all pages. A scrape of /metrics gets
//
//	spool_files 12
//	spool_scrape_collector_success{collector="files"} 1
//	spool_scrape_collector_duration_seconds{collector="files"} 0.000061
//
// and metrics of the process. If the directory cannot be read, spool_files is missing, the success is
// 0, the log and the page /status have the error, and everything else is served.
//
// # Running
//
// [Main] is the whole main function of a program. [Run] is for tests and for programs that have a
// context of their own: it parses arguments, loads the configuration, makes the collectors, listens, and
// serves until its context is done. Then it finishes the requests under way and closes the collectors.
// [Exporter] has these steps as methods, for a program with other commands or a server of its own.
//
// # Collectors
//
// A [Collector] has a name and a function New. The name is that of the flag --[no-]collector.<name>, of
// the section in the configuration file, of the parameter collect[] and of the label collector. If New
// fails, scrapes try again until it succeeds, unless its error wraps [ErrInvalid]. A collector without
// anything to report returns [ErrNoData]. One that is an io.Closer is closed after its last run.
//
// A [Policy] limits the time of a collector, keeps its results, or runs it in the background. It can be
// changed by flags and in the configuration file.
//
// [Config.Ping] makes the gauge <namespace>_up. [NewUp] makes such gauges for several backends.
//
// # Configuration
//
// The file that --config.file names enables collectors and sets their policies, and has the modules of
// probes. [Config.Settings] adds keys of the program, which can be of type [Secret], and
// [Config.Configure] makes collectors from them. [Share] opens what several of them use. SIGHUP and
// POST /-/reload load the file again; an error changes nothing, and collectors with the same settings
// stay as they are.
//
// # Probes
//
// [Config.Probers] adds /probe?target=…&module=…, as in blackbox_exporter. See package
// [github.com/luxfi/metric/exporter/probe].
//
// The flags, pages and keys of the file are in
// https://github.com/luxfi/metric/blob/main/docs/exporters.md, and a template for exporters, with
// tests, alerts and a dashboard, in https://github.com/luxfi/metric/tree/main/examples/exporter.
package exporter
