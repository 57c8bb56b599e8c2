package exporter

import (
	"cmp"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
)

// defaultAddress is the default of [Config.Address].
const defaultAddress = ":9100"

// webFlags are the values of the exporter's own flags, without the flags of its collectors. Flags that
// exporter-toolkit, node_exporter, blackbox_exporter or Prometheus also have share their names, defaults
// and help texts.
type webFlags struct {
	// toolkit holds --web.listen-address, --web.systemd-socket and --web.config.file. It is nil until
	// add is called.
	toolkit *web.FlagConfig

	configFile string // the value of --config.file; may be empty

	telemetryPath          string
	routePrefix            string // as given; see prefix
	maxRequests            int    // 0 means no limit
	disableExporterMetrics bool
	timeout                time.Duration // for scrapes without a deadline; 0 means no limit
	timeoutOffset          offset
	drainTimeout           time.Duration
	publicHealth           bool
	pprof                  bool
	reload                 bool // whether POST /-/reload is served

	log promslog.Config // unused if Config.Logger is set
}

// add registers the flags.
func (w *webFlags) add(f Flagger, config *Config) {
	w.toolkit = kingpinflag.AddFlags(f, cmp.Or(config.Address, defaultAddress))
	f.Flag("web.telemetry-path", "Path under which to expose metrics.").
		Default("/metrics").StringVar(&w.telemetryPath)
	f.Flag("web.route-prefix", "Prefix of the paths of all pages, for a reverse proxy that does not strip it.").
		PlaceHolder("<path>").StringVar(&w.routePrefix)
	f.Flag("web.max-requests", "Maximum number of parallel scrape requests. Use 0 to disable.").
		Default("40").IntVar(&w.maxRequests)
	f.Flag("web.disable-exporter-metrics",
		"Exclude metrics about the exporter itself (promhttp_*, process_*, go_*).").
		BoolVar(&w.disableExporterMetrics)
	f.Flag("web.timeout",
		"How long a scrape may take if the client does not announce a timeout. Use 0 to disable.").
		Default("10s").DurationVar(&w.timeout)
	f.Flag("timeout-offset", "Offset to subtract from the timeout that the client announces, in seconds or "+
		"with a unit. The default is 0.5, or a tenth of the timeout if that is less.").
		PlaceHolder("0.5").SetValue(&w.timeoutOffset)
	f.Flag("web.drain-timeout",
		"How long requests in flight may take to finish when the exporter stops.").
		Default("20s").DurationVar(&w.drainTimeout)
	f.Flag("web.public-health",
		"Serve /-/healthy and /-/ready without basic authentication. Client certificates are still required.").
		BoolVar(&w.publicHealth)
	f.Flag("web.enable-pprof", "Serve profiles of the exporter under /debug/pprof/.").BoolVar(&w.pprof)
	f.Flag("web.enable-reload", "Reload the configuration on POST /-/reload.").
		Default("true").BoolVar(&w.reload)
	f.Flag("config.file", "Path to configuration file.").PlaceHolder("<file>").StringVar(&w.configFile)
	if config.Logger == nil {
		w.addLog(f)
	}
}

// addLog registers the same flags as AddFlags of promslog's package flag, for any Flagger.
func (w *webFlags) addLog(f Flagger) {
	w.log.Level, w.log.Format = promslog.NewLevel(), promslog.NewFormat()
	f.Flag(promslogflag.LevelFlagName, promslogflag.LevelFlagHelp).
		Default("info").HintOptions(promslog.LevelFlagOptions...).SetValue(w.log.Level)
	f.Flag(promslogflag.FormatFlagName, promslogflag.FormatFlagHelp).
		Default("logfmt").HintOptions(promslog.FormatFlagOptions...).SetValue(w.log.Format)
}

// logger returns the config's logger, or else a logger that --log.level and --log.format configure. That
// logger writes to out, or to os.Stderr if out is nil.
func (w *webFlags) logger(config *Config, out io.Writer) *slog.Logger {
	if config.Logger != nil {
		return config.Logger
	}
	c := w.log
	if c.Writer = out; out == nil {
		c.Writer = os.Stderr
	}
	return promslog.New(&c)
}

// webConfigFile returns the path of the web configuration file, or "" without such a file.
func (w *webFlags) webConfigFile() string {
	if w.toolkit == nil || w.toolkit.WebConfigFile == nil {
		return ""
	}
	return *w.toolkit.WebConfigFile
}

// probeOffset returns the offset to subtract from the timeout of a probe.
func (w *webFlags) probeOffset() time.Duration {
	if w.timeoutOffset.isSet {
		return w.timeoutOffset.d
	}
	return defaultOffset
}
