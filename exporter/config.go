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

	metrics "github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter/probe"
)

// Config describes an exporter. Only Name is required.
type Config struct {
	// Name is the name of the program, such as "sql_exporter".
	Name string
	// Namespace is the prefix of the metrics that the kit adds, such as <namespace>_up. The
	// default is Name without "_exporter", as in "sql".
	Namespace string
	// Description is a sentence for --help and the landing page.
	Description string
	// Address is the default of --web.listen-address, such as ":9399". Without it, that is ":9100".
	// https://github.com/prometheus/prometheus/wiki/Default-port-allocations lists ports that
	// exporters use.
	Address string

	// Collectors are the collectors of the program. Each has a flag --[no-]collector.<name>.
	Collectors []Collector
	// Ping, if not nil, checks the backend. The gauge <namespace>_up is 1 after each scrape in
	// which it returned nil in time, and else 0. See [NewUp] for backends of several names.
	Ping func(ctx context.Context) error
	// Probers, if not empty, are what modules in the configuration file can use, and turn on
	// /probe.
	Probers []probe.Prober

	// Flags, if not nil, registers flags of the program.
	Flags func(Flagger)
	// Settings, if not nil, returns a pointer to a struct with the program's own part of the
	// configuration file, filled with defaults. Its fields have yaml tags, and Secret fields
	// are hidden on /config. Keys that it does not have are errors.
	Settings func() any
	// Configure, if not nil, is called whenever the configuration is loaded, with the decoded
	// settings: it checks them and adds collectors to the setup. It must not wait for backends.
	// If it returns an error, nothing of the new configuration takes effect.
	Configure func(ctx context.Context, s *Setup) error

	// Pages are additional pages.
	Pages []Page
	// RegistryOptions are options of the registry that runs the collectors, such as hooks.
	RegistryOptions []metrics.RegistryOption

	// Logger, if not nil, is used in place of one that --log.level and --log.format configure;
	// then these flags do not exist.
	Logger *slog.Logger
	// Output gets what --help, --version and --config.check print. The default is os.Stdout.
	Output io.Writer
	// Listening, if not nil, is called once, when the exporter listens, with its addresses.
	Listening func(addresses []net.Addr)
}

// Page is a page of an exporter beside those of the kit.
type Page struct {
	// Path is where it is served, such as "/databases".
	Path string
	// Title is the text of its link on the landing page. A page without a title has no link.
	Title string
	// Description is the text beside the link.
	Description string
	// Handler serves the page.
	Handler http.Handler
}

// Flagger registers flags. A *kingpin.Application is one, and so is a *kingpin.CmdClause.
type Flagger interface {
	Flag(name, help string) *kingpin.FlagClause
}

// upName is the name of the collector that calls Config.Ping.
const upName = "up"

// namespaceOf returns the default of Config.Namespace.
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

// reservedNames are names of collectors that the exporter has itself, or of which the flags are taken.
var reservedNames = []string{"go", "process", "build_info", "config", "probes", "disable-defaults", "policy"}

// checkCollectors returns an error if a collector is not valid.
func checkCollectors(all []Collector) error {
	known := make(map[string]bool, len(all))
	for i := range all {
		switch c := &all[i]; {
		case !collectorPattern.MatchString(c.Name):
			return fmt.Errorf("the name of collector %q has to match %s", c.Name, collectorPattern)
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

// collectors returns the collectors of the program, with that of Ping.
func (c *Config) collectors() []Collector {
	if c.Ping == nil {
		return c.Collectors
	}
	up := NewUp(c.Namespace+"_up", nil, c.Ping)
	return append([]Collector{{
		Name: upName, always: true,
		New: func(context.Context, *slog.Logger) (metrics.Collector, error) { return up, nil },
	}}, c.Collectors...)
}
