package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter"
)

// scrape runs an exporter on a free port, scrapes it once, prints the samples whose lines begin with prefix,
// and stops the exporter.
func scrape(config exporter.Config, prefix string, args ...string) error {
	ctx, cancel := context.WithCancel(context.Background())
	config.Logger = slog.New(slog.DiscardHandler)
	config.Listening = func(addresses []net.Addr) {
		go func() {
			defer cancel()
			printSamples("http://"+addresses[0].String()+"/metrics", prefix)
		}()
	}
	return exporter.Run(ctx, config, append(args, "--web.listen-address=127.0.0.1:0"))
}

func printSamples(url, prefix string) {
	response, err := http.Get(url) //nolint:gosec,noctx // The address is that of this process.
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, prefix) {
			fmt.Print(line)
		}
	}
}

// gaugeFunc returns a collector for a gauge without labels.
func gaugeFunc(name string, value func(context.Context) (float64, error)) metric.Collector {
	desc := metric.NewDesc(name, "An example.", nil, nil)
	return metric.NewStreamFunc([]*metric.Desc{desc}, func(ctx context.Context, sink *metric.Sink) error {
		v, err := value(ctx)
		if err != nil {
			return err
		}
		return sink.Gauge(desc, v)
	})
}

// This exporter runs in the test's process, on a free port, until its context is done.
func ExampleRun() {
	ctx, cancel := context.WithCancel(context.Background())
	config := exporter.Config{
		Name:   "tank_exporter",
		Logger: slog.New(slog.DiscardHandler),
		Collectors: []exporter.Collector{{
			Name: "level",
			New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return gaugeFunc("tank_level_ratio", func(context.Context) (float64, error) { return 0.75, nil }), nil
			},
		}},
		Listening: func(addresses []net.Addr) {
			go func() {
				defer cancel()
				printSamples("http://"+addresses[0].String()+"/metrics", "tank_level")
			}()
		},
	}
	err := exporter.Run(ctx, config, []string{"--web.listen-address=127.0.0.1:0"})
	fmt.Println(err)
	// Output:
	// tank_level_ratio 0.75
	// <nil>
}

// The flag "scale" of the collector "level" is --collector.level.scale.
func ExampleCollector() {
	var scale *float64
	level := exporter.Collector{
		Name: "level",
		Help: "level of the tank",
		Flags: func(f exporter.Flagger) {
			scale = f.Flag("scale", "Factor of the level.").Default("1").Float64()
		},
		New: func(context.Context, *slog.Logger) (metric.Collector, error) {
			if *scale <= 0 {
				return nil, fmt.Errorf("%w: scale %g is not positive", exporter.ErrInvalid, *scale)
			}
			return gaugeFunc("tank_level", func(context.Context) (float64, error) { return 3 * *scale, nil }), nil
		},
	}
	config := exporter.Config{Name: "tank_exporter", Collectors: []exporter.Collector{level}}

	fmt.Println(scrape(config, "tank_level", "--collector.level.scale=10"))
	fmt.Println(scrape(config, "tank_level", "--collector.level.scale=-1"))
	// Output:
	// tank_level 30
	// <nil>
	// collector level: invalid configuration: scale -1 is not positive
}

// If a collector hangs, only its own samples are missing from the scrape. The flag
// --collector.policy=supplier:timeout=5s and the configuration file can change its timeout.
func ExamplePolicy() {
	config := exporter.Config{Name: "shop_exporter", Collectors: []exporter.Collector{
		{
			Name: "shelf",
			New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return gaugeFunc("shop_shelf_items", func(context.Context) (float64, error) { return 12, nil }), nil
			},
		},
		{
			Name: "supplier",
			New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return gaugeFunc("shop_supplier_items", func(ctx context.Context) (float64, error) {
					<-ctx.Done() // The supplier does not answer.
					return 0, ctx.Err()
				}), nil
			},
			Policy: exporter.Policy{Timeout: 20 * time.Millisecond},
		},
	}}
	if err := scrape(config, `shop_scrape_collector_success{collector="s`); err != nil {
		fmt.Println(err)
	}
	// Output:
	// shop_scrape_collector_success{collector="shelf"} 1
	// shop_scrape_collector_success{collector="supplier"} 0
}

// tanks are the settings in the configuration file of ExampleSetup.
type tanks struct {
	Tanks map[string]float64 `yaml:"tanks"`
}

// This program makes a collector for each tank in the configuration file.
func ExampleSetup() {
	directory, err := os.MkdirTemp("", "exporter")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(directory) }()
	file := filepath.Join(directory, "tank.yml")
	if err := os.WriteFile(file, []byte("tanks: {north: 0.5, south: 0.75}\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	config := exporter.Config{
		Name:     "tank_exporter",
		Settings: func() any { return new(tanks) },
		Configure: func(_ context.Context, s *exporter.Setup) error {
			for name, level := range s.Settings.(*tanks).Tanks {
				if level < 0 {
					return fmt.Errorf("tank %s has level %g, but it must not be negative", name, level)
				}
				s.Add(exporter.Collector{
					Name:     name,
					Settings: level, // Reloads keep the collector until its level changes.
					New: func(context.Context, *slog.Logger) (metric.Collector, error) {
						return gaugeFunc("tank_"+name+"_level", func(context.Context) (float64, error) { return level, nil }), nil
					},
				})
			}
			return nil
		},
	}
	for _, prefix := range []string{"tank_north_", "tank_south_"} {
		if err := scrape(config, prefix, "--config.file="+file); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// tank_north_level 0.5
	// tank_south_level 0.75
}

// pump is a connection that two collectors use.
type pump struct{ address string }

// ask returns a value that the pump has measured.
func (p *pump) ask(what string) float64 { return float64(len(p.address + what)) }

func (p *pump) Close() error {
	fmt.Println("closed the pump")
	return nil
}

// Two collectors share a connection. It is closed after the last run of both.
func ExampleShare() {
	config := exporter.Config{
		Name: "pump_exporter",
		Configure: func(_ context.Context, s *exporter.Setup) error {
			for _, name := range []string{"flow", "pressure"} {
				const address = "192.0.2.1:502"
				shared, err := exporter.Share(s, "pump", address, func() (*pump, error) {
					fmt.Println("opened the pump")
					return &pump{address}, nil
				})
				if err != nil {
					return err
				}
				s.Add(exporter.Collector{
					Name:     name,
					Settings: address,
					New: func(context.Context, *slog.Logger) (metric.Collector, error) {
						return gaugeFunc("pump_"+name, func(context.Context) (float64, error) {
							return shared.ask(name), nil
						}), nil
					},
				})
			}
			return nil
		},
	}
	if err := scrape(config, "pump_flow"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// opened the pump
	// pump_flow 17
	// closed the pump
}

// A configuration can contain a secret as a string, or name the environment variable or the file that
// contains it.
func ExampleSecret() {
	var settings struct {
		Password exporter.Secret `yaml:"password"`
	}
	if err := yaml.Unmarshal([]byte("password: swordfish"), &settings); err != nil {
		fmt.Println(err)
	}
	fmt.Println(settings)
	fmt.Println(settings.Password.Reveal())

	err := yaml.Unmarshal([]byte("password: {env: EXAMPLE_NOT_SET}"), &settings)
	fmt.Println(err)
	// Output:
	// {<secret>}
	// swordfish
	// line 1: the environment variable EXAMPLE_NOT_SET is not set
}

// Each of several backends has its own gauge. It is 1 if the backend answers, and 0 if it does not.
func ExampleNewUp() {
	backend := func(name string, ping func(context.Context) error) exporter.Collector {
		return exporter.Collector{
			Name: "up_" + name,
			New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return exporter.NewUp("shop_database_up", metric.Labels{"database": name}, ping), nil
			},
		}
	}
	config := exporter.Config{Name: "shop_exporter", Collectors: []exporter.Collector{
		backend("orders", func(context.Context) error { return nil }),
		backend("stock", func(context.Context) error { return errors.New("connection refused") }),
	}}
	if err := scrape(config, "shop_database_up"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// shop_database_up{database="orders"} 1
	// shop_database_up{database="stock"} 0
}
