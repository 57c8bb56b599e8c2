package exporter

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
)

func TestWebFlagDefaults(t *testing.T) {
	w := parseFlags(t)
	if err := w.check(nil); err != nil {
		t.Fatal(err)
	}
	if got := *w.toolkit.WebListenAddresses; len(got) != 1 || got[0] != "127.0.0.1:0" {
		t.Errorf("addresses %v", got)
	}
	if w.telemetryPath != "/metrics" || w.maxRequests != 40 || w.timeout != 10*time.Second ||
		w.drainTimeout != 20*time.Second || !w.reload {
		t.Errorf("%+v", w)
	}
	if w.disableExporterMetrics || w.publicHealth || w.pprof || w.prefix() != "" || w.webConfigFile() != "" {
		t.Errorf("%+v", w)
	}
	if got := w.probeOffset(); got != 500*time.Millisecond {
		t.Errorf("offset of probes %v", got)
	}
}

func TestWebFlagErrors(t *testing.T) {
	page := Page{Path: "/databases/", Title: "Databases", Handler: text("")}
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"relative path", []string{"--web.telemetry-path=metrics"}, []string{"--web.telemetry-path", `"metrics"`, "start with /"}},
		{"path of another page", []string{"--web.telemetry-path=/status"}, []string{"--web.telemetry-path", "another page"}},
		{"path under health", []string{"--web.telemetry-path=/-/metrics"}, []string{"--web.telemetry-path", "another page"}},
		{"path of the program's page", []string{"--web.telemetry-path=/databases"}, []string{"--web.telemetry-path", `"Databases"`}},
		{"pattern", []string{"--web.telemetry-path=/{x}"}, []string{"--web.telemetry-path", "not allowed"}},
		{"not clean", []string{"--web.telemetry-path=/a/../b"}, []string{"--web.telemetry-path", "clean"}},
		{"prefix", []string{"--web.route-prefix=/a//b"}, []string{"--web.route-prefix", "clean"}},
		{"requests", []string{"--web.max-requests=-1"}, []string{"--web.max-requests", "negative"}},
		{"timeout", []string{"--web.timeout=-1s"}, []string{"--web.timeout", "negative"}},
		{"drain", []string{"--web.drain-timeout=-1s"}, []string{"--web.drain-timeout", "negative"}},
		{"web config", []string{"--web.config.file=/does/not/exist.yml"}, []string{"--web.config.file", "/does/not/exist.yml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantError(t, parseFlags(t, test.args...).check([]Page{page}), test.want...)
		})
	}
	t.Run("not added", func(t *testing.T) { wantError(t, new(webFlags).check(nil), "AddFlags") })
}

func TestWebFlagPrefix(t *testing.T) {
	for given, want := range map[string]string{"": "", "/": "", "/a": "/a", "a/b/": "/a/b"} {
		w := parseFlags(t, "--web.route-prefix="+given)
		if err := w.check(nil); err != nil {
			t.Errorf("%q: %v", given, err)
		}
		if got := w.prefix(); got != want {
			t.Errorf("%q: prefix %q, want %q", given, got, want)
		}
	}
}

// TestOffset checks the parsing of the timeout offset: in seconds or as a duration; 0 means no offset.
func TestOffset(t *testing.T) {
	for _, test := range []struct {
		text   string
		option time.Duration
	}{
		{"0.25", 250 * time.Millisecond}, {"1", time.Second}, {"500ms", 500 * time.Millisecond}, {"0", -1}, {"0s", -1},
	} {
		var o offset
		if err := o.Set(test.text); err != nil {
			t.Errorf("%q: %v", test.text, err)
		}
		if got := o.option(); got != test.option {
			t.Errorf("%q: %v, want %v", test.text, got, test.option)
		}
	}
	if got := new(offset).option(); got != 0 {
		t.Errorf("option of no offset: %v", got)
	}
	for _, text := range []string{"", "x", "-1", "-1s", "1 s"} {
		if err := new(offset).Set(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestLoggerFlags(t *testing.T) {
	w := parseFlags(t, "--log.level=warn", "--log.format=json")
	var out bytes.Buffer
	logger := w.logger(&Config{}, &out)
	logger.Info("quiet")
	logger.Warn("loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"msg":"loud"`) {
		t.Errorf("log %q", got)
	}

	own := slog.New(slog.DiscardHandler)
	var without webFlags
	app := kingpin.New("x", "")
	config := &Config{Logger: own}
	without.add(app, config)
	if app.GetFlag("log.level") != nil || app.GetFlag("log.format") != nil {
		t.Error("flags for a log that they do not change")
	}
	if without.logger(config, nil) != own {
		t.Error("the logger of the program is not used")
	}
}
