// Aggregator serves the metrics of other processes, and its own, on one page. See README.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
	"github.com/luxfi/metric/remote"
)

// config is the configuration. The file aggregator.yml explains it.
type config struct {
	Listen, TargetsFile  string
	TargetTimeout, Stale time.Duration
	Rules                relabel.Config `yaml:"metric_relabel_configs"`
	Handler              metric.HandlerOpts
	remote.GroupOpts     `yaml:",inline"`
	group                *remote.Group
	page                 http.Handler
}

// load reads a configuration file.
func load(file string) (*config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c := &config{Listen: "127.0.0.1:9300", TargetTimeout: 10 * time.Second, Handler: metric.HandlerOpts{Timeout: 10 * time.Second, EnableOpenMetrics: true}}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(c); err != nil {
		return nil, fmt.Errorf("%s: %w\nallowed are listen, handler, targets, targetsfile, refresh, label, honorlabels, concurrency, namespace, targettimeout, stale, opts and metric_relabel_configs", file, err)
	}
	c.Policies = []metric.CollectorOption{metric.WithTimeout(c.TargetTimeout)}
	if c.Stale != 0 {
		c.Policies = append(c.Policies, metric.WithStale(c.Stale))
	}
	if c.TargetsFile != "" {
		c.Source = remote.File(c.TargetsFile)
	}
	rules, err := relabel.New(c.Rules...)
	if err := errors.Join(err, c.Check()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c.group = remote.NewGroup(c.GroupOpts)
	if err := c.group.Set(c.Targets); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c.page = metric.HandlerForContext(metric.NewShardedGatherer(metric.DefaultGatherers(), rules.Gatherer(c.group)), c.Handler)
	return c, nil
}

func main() {
	file := flag.String("config", "aggregator.yml", "configuration `file`")
	flag.Parse()
	c, err := load(*file)
	if err != nil {
		log.Fatal(err)
	}
	var current atomic.Pointer[config]
	current.Store(c)
	http.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) { current.Load().page.ServeHTTP(w, r) })
	http.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "healthy") })
	server := &http.Server{Addr: c.Listen, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	for <-signals == syscall.SIGHUP {
		if next, err := load(*file); err != nil {
			log.Print("the configuration stays as it is: ", err)
		} else {
			_ = current.Swap(next).group.Close()
		}
	}
	_ = server.Shutdown(context.Background()) // It waits for scrapes in flight, which have deadlines.
}
