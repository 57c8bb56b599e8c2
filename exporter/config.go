package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter/probe"
)

// Config describes an exporter. Only Name is required.
type Config struct {
	// Name is the name of the program, such as "sql_exporter".
	Name string
	// Namespace is the prefix of the metrics that this package adds, such as <namespace>_up. The default
	// is Name without "_exporter", as in "sql".
	Namespace string
	// Description is a sentence about the exporter for --help and the landing page.
	Description string
	// Address is the default of --web.listen-address, such as ":9399". If it is empty, the default is
	// ":9100". The ports that exporters use are listed at
	// https://github.com/prometheus/prometheus/wiki/Default-port-allocations.
	Address string

	// Collectors are the collectors of the program. Each has a flag --[no-]collector.<name>.
	Collectors []Collector
	// Ping, if not nil, checks the backend. The gauge <namespace>_up is 1 after each scrape in which
	// Ping returned nil in time, and 0 otherwise. For several backends, see [NewUp].
	Ping func(ctx context.Context) error
	// Probers are the probers that modules in the configuration file can use. If there are any, the
	// exporter serves /probe.
	Probers []probe.Prober

	// Flags, if not nil, registers flags of the program.
	Flags func(Flagger)
	// Settings, if not nil, returns a pointer to a struct for the program's part of the configuration
	// file, filled with defaults. The struct's fields have yaml tags. /config hides fields of type
	// [Secret]. A key in the file is an error if the struct has no field for it.
	Settings func() any
	// Configure, if not nil, is called with the decoded settings whenever the configuration is loaded.
	// It checks them and adds collectors to the setup. It must not wait for backends. If it returns an
	// error, no part of the new configuration takes effect.
	Configure func(ctx context.Context, s *Setup) error

	// Pages are additional pages.
	Pages []Page
	// RegistryOptions are options, such as hooks, for the registry that runs the collectors.
	RegistryOptions []metric.RegistryOption

	// Logger, if not nil, replaces the logger that --log.level and --log.format configure. The exporter
	// then does not have these flags.
	Logger *slog.Logger
	// Output is where --help, --version and --config.check print. The default is os.Stdout.
	Output io.Writer
	// Listening, if not nil, is called once, with the exporter's addresses, when the exporter listens.
	Listening func(addresses []net.Addr)
}

// Page describes a page that a program adds to an exporter.
type Page struct {
	// Path is the path of the page, such as "/databases".
	Path string
	// Title is the text of the link to the page on the landing page. A page without a title has no link.
	Title string
	// Description is the text beside the link.
	Description string
	// Handler serves the page.
	Handler http.Handler
}

// Flagger registers flags. [*kingpin.Application] and [*kingpin.CmdClause] implement it.
type Flagger interface {
	Flag(name, help string) *kingpin.FlagClause
}

// upName is the name of the collector that calls [Config.Ping].
const upName = "up"

// namespaceOf returns the default of [Config.Namespace] for the exporter called name.
func namespaceOf(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(name, "_exporter"), "-exporter"), "-", "_")
}

// check returns an error if the config is not valid.
func (c *Config) check() error {
	if c.Name == "" {
		return errors.New("the config has no Name")
	}
	if !namespacePattern.MatchString(c.Namespace) {
		return fmt.Errorf("the namespace %q cannot begin the name of a metric: set Config.Namespace to one that matches %s", c.Namespace, namespacePattern)
	}
	if err := checkCollectors(c.collectors()); err != nil {
		return err
	}
	if c.Settings != nil {
		if err := checkSettings(c.Settings()); err != nil {
			return err
		}
	}
	return checkPages(c.Pages)
}

var (
	namespacePattern = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	collectorPattern = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.@-]*$`)
)

// reservedNames are names that a program's collectors cannot have, because the exporter itself has such a
// collector or such a flag.
var reservedNames = []string{"go", "process", "build_info", "config", "probes", "disable-defaults", "policy"}

// checkCollectors returns an error if a collector is not valid.
func checkCollectors(all []Collector) error {
	known := make(map[string]bool, len(all))
	for i := range all {
		switch c := &all[i]; {
		case !collectorPattern.MatchString(c.Name):
			return fmt.Errorf("the name of collector %q must match %s", c.Name, collectorPattern)
		case slices.Contains(reservedNames, c.Name):
			return fmt.Errorf("the name of collector %q is taken by the exporter", c.Name)
		case known[c.Name]:
			return fmt.Errorf("there are two collectors named %q", c.Name)
		case c.New == nil:
			return fmt.Errorf("collector %s has no function New", c.Name)
		}
		known[all[i].Name] = true
	}
	return nil
}

// collectors returns the collectors of the program, including the one that calls Ping.
func (c *Config) collectors() []Collector {
	if c.Ping == nil {
		return c.Collectors
	}
	up := NewUp(c.Namespace+"_up", nil, c.Ping)
	return append([]Collector{{
		Name: upName, always: true,
		New: func(context.Context, *slog.Logger) (metric.Collector, error) { return up, nil },
	}}, c.Collectors...)
}
