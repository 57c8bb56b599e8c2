package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter"
	"github.com/luxfi/metric/metrictest"
)

// newSpool returns a spool directory with the named files, such as "mail/1.eml", of ten bytes each. A name
// that ends with a slash is a folder. The first file is from July 14, 2025, and each further one is a day
// younger.
func newSpool(t *testing.T, names ...string) string {
	t.Helper()
	directory := t.TempDir()
	for i, name := range names {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o750); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2025, time.July, 14+i, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func TestQueues(t *testing.T) {
	for _, test := range []struct {
		name, pattern string
		files         []string
		want          string // the expected samples
		err           error
	}{
		{
			"two queues", "*", []string{"mail/1.eml", "mail/2.eml", "print/"},
			`spool_queue_files{queue="mail"} 2
spool_queue_files{queue="print"} 0
spool_queue_bytes{queue="mail"} 20
spool_queue_bytes{queue="print"} 0
spool_queue_oldest_timestamp_seconds{queue="mail"} 1.7524512e+09
`, nil,
		},
		{
			"some files count", "*.eml", []string{"mail/0.tmp", "mail/1.eml", "mail/done/", "not_a_queue.eml"},
			`spool_queue_files{queue="mail"} 1
spool_queue_bytes{queue="mail"} 10
spool_queue_oldest_timestamp_seconds{queue="mail"} 1.7525376e+09
`, nil,
		},
		{"no queues", "*", []string{"not_a_queue"}, "", exporter.ErrNoData},
	} {
		t.Run(test.name, func(t *testing.T) {
			collector, err := newQueues(newSpool(t, test.files...), test.pattern)
			if err != nil {
				t.Fatal(err)
			}
			registry := metric.NewContextRegistry()
			registry.MustRegister(collector)
			if _, err := registry.Gather(); !errors.Is(err, test.err) {
				t.Errorf("got error %v, want %v", err, test.err)
			}
			if got := scrape(t, metric.HandlerFor(registry)); test.err == nil && got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// scrape returns the samples that a handler serves.
func scrape(t *testing.T, handler http.Handler) string {
	t.Helper()
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	return regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(response.Body.String(), "")
}

func TestQueuesPattern(t *testing.T) {
	if _, err := newQueues(t.TempDir(), "["); !errors.Is(err, exporter.ErrInvalid) {
		t.Errorf("got error %v, want %v", err, exporter.ErrInvalid)
	}
}

// TestQueuesEnd checks that the collector stops when its context is done.
func TestQueuesEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := readQueue(ctx, newSpool(t, "mail/1.eml"), "mail", "*"); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

// TestQueuesContract checks that the collector follows the rules for collectors.
func TestQueuesContract(t *testing.T) {
	collector, err := newQueues(newSpool(t, "mail/1.eml", "print/"), "*")
	if err != nil {
		t.Fatal(err)
	}
	metrictest.TestCollector(t, collector, metrictest.MustSend())
}
