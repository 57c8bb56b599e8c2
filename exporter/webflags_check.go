package exporter

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

// defaultOffset is the default timeout offset of probes, as in blackbox_exporter.
const defaultOffset = 500 * time.Millisecond

// check returns an error if the flags conflict with each other or with the pages, or if the web
// configuration file is invalid. The error lists everything that is wrong.
func (w *webFlags) check(pages []Page) error {
	if err := w.checkRegistered(); err != nil {
		return err
	}
	errs := []error{checkPages(pages)}
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if err := w.checkTelemetryPath(pages); err != nil {
		wrong("--web.telemetry-path: %w", err)
	}
	if prefix := w.prefix(); prefix != "" {
		if err := checkPath(prefix); err != nil {
			wrong("--web.route-prefix: %w", err)
		}
	}
	if w.maxRequests < 0 {
		wrong("--web.max-requests: %d is negative; 0 means no limit", w.maxRequests)
	}
	if w.timeout < 0 {
		wrong("--web.timeout: %s is negative; 0 means no limit", w.timeout)
	}
	if w.drainTimeout < 0 {
		wrong("--web.drain-timeout: %s is negative; 0 means not to wait", w.drainTimeout)
	}
	return errors.Join(append(errs, w.checkWebConfig())...)
}

// checkRegistered returns an error if add has not been called.
func (w *webFlags) checkRegistered() error {
	if w.toolkit == nil {
		return errors.New("the flags have not been registered: call AddFlags, and parse them, before Load")
	}
	return nil
}

// prefix returns the route prefix: "" or "/prefix".
func (w *webFlags) prefix() string {
	if prefix := strings.Trim(w.routePrefix, "/"); prefix != "" {
		return "/" + prefix
	}
	return ""
}

// checkWebConfig returns an error if the web configuration file is invalid.
func (w *webFlags) checkWebConfig() error {
	file := w.webConfigFile()
	if err := web.Validate(file); err != nil {
		return fmt.Errorf("--web.config.file: %s: %w", file, err)
	}
	return nil
}

// checkTelemetryPath also allows "/", as node_exporter does: then there is no landing page.
func (w *webFlags) checkTelemetryPath(pages []Page) error {
	p := w.telemetryPath
	if p == "/" {
		return nil
	}
	if err := checkPath(p); err != nil {
		return err
	}
	if p != "/metrics" && isReserved(p) {
		return fmt.Errorf("%q is the path of another page", p)
	}
	for _, page := range pages {
		if p == strings.TrimSuffix(page.Path, "/") {
			return fmt.Errorf("%q is the path of the page %q", p, page.Title)
		}
	}
	return nil
}

// checkPath returns an error if p is not a valid path of a page.
func checkPath(p string) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("%q does not start with /", p)
	case strings.ContainsAny(p, "{}?#%\\ ") || strings.ContainsFunc(p, isControl):
		return fmt.Errorf("%q contains a character that is not allowed in a path here: {}?#%%\\, a blank or a control character", p)
	case path.Clean(p) != strings.TrimSuffix(p, "/"):
		return fmt.Errorf("%q is not a clean path, such as /metrics: it must not contain //, /./ or /../", p)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// offset is the value of a flag: a number of seconds, or a duration with a unit.
type offset struct {
	d     time.Duration
	isSet bool
}

// Set implements kingpin.Value.
func (o *offset) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		// A number without a unit is in seconds: "0.5" is 0.5s.
		if d, err = time.ParseDuration(text + "s"); err != nil {
			return fmt.Errorf("%q is neither a number of seconds nor a duration such as 500ms", text)
		}
	}
	if d < 0 {
		return fmt.Errorf("%q is negative", text)
	}
	o.d, o.isSet = d, true
	return nil
}

// String implements kingpin.Value.
func (o *offset) String() string {
	if !o.isSet {
		return ""
	}
	return strconv.FormatFloat(o.d.Seconds(), 'g', -1, 64)
}

// option returns the offset as an option of a handler. 0 means the default.
func (o *offset) option() time.Duration {
	switch {
	case !o.isSet:
		return 0
	case o.d == 0:
		return -1
	default:
		return o.d
	}
}
