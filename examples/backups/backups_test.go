package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// newDirectory returns a directory with a file, and a folder that contains another file.
func newDirectory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"monday.tar", filepath.Join("databases", "monday.sql")} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		write(t, file, "0123456789")
	}
	return dir
}

// scrape returns the exposition of a registry with the collector.
func scrape(t *testing.T, c metric.Collector, opts ...metric.CollectorOption) string {
	t.Helper()
	registry := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	if err := registry.RegisterWith(c, append(opts, metric.WithName("backups"))...); err != nil {
		t.Fatal(err)
	}
	response := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	return response.Body.String()
}

func TestBackups(t *testing.T) {
	full := newDirectory(t)
	for _, test := range []struct {
		name, dir  string
		want, none []string
	}{
		{
			"two files", full,
			[]string{
				"backup_files{dir=\"" + label(full) + "\"} 2\n",
				"app_scrape_collector_success{collector=\"backups\"} 1\n",
			},
			nil,
		},
		{"no files", t.TempDir(), []string{"backup_files{dir=", "\"} 0\n"}, nil},
		{
			"no directory", filepath.Join(full, "none"),
			[]string{"app_scrape_collector_success{collector=\"backups\"} 0\n"},
			[]string{"backup_"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scrape(t, newBackups(test.dir))
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("got\n%s\nwithout %s", got, want)
				}
			}
			for _, none := range test.none {
				if strings.Contains(got, none) {
					t.Errorf("got\n%s\nwith %s", got, none)
				}
			}
		})
	}
}

// label returns a label value as the text format writes it.
func label(value string) string { return strings.ReplaceAll(value, `\`, `\\`) }

// TestBackupsEnd checks that the collector stops when its context is done.
func TestBackupsEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ch := make(chan metric.Metric, 10)
	newBackups(newDirectory(t)).(metric.CollectorWithContext).CollectWithContext(ctx, ch)
	if len(ch) != 1 {
		t.Fatalf("the collector has sent %d metrics, want its error alone", len(ch))
	}
	if err := metric.Metric.Write(<-ch, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

// TestBackupsContract checks that the collector follows the rules for collectors.
func TestBackupsContract(t *testing.T) {
	metrictest.TestCollector(t, newBackups(newDirectory(t)))
}
