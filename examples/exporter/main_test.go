package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/exporter"
)

// start runs the exporter with the arguments until the test ends, and returns its URL.
func start(t *testing.T, args ...string) string {
	t.Helper()
	config := newConfig()
	config.Logger = slog.New(slog.DiscardHandler)
	listening := make(chan net.Addr, 1)
	config.Listening = func(addresses []net.Addr) { listening <- addresses[0] }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- exporter.Run(ctx, config, append(args, "--web.listen-address=127.0.0.1:0")) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case address := <-listening:
		return "http://" + address.String()
	case err := <-ended:
		ended <- nil
		t.Fatalf("the exporter has ended with error %v", err)
		return ""
	}
}

// get returns the body of a page.
func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d (%v): %s", url, resp.StatusCode, err, body)
	}
	return string(body)
}

func TestRun(t *testing.T) {
	directory := filepath.Join(newSpool(t, "spool/mail/1.eml", "spool/mail/2.tmp"), "spool")
	url := start(t, "--spool.directory="+directory, "--collector.queues.pattern=*.eml")
	for _, page := range []string{"/", "/-/healthy", "/-/ready", "/config"} {
		get(t, url+page)
	}
	check := func(up, success int, files bool) {
		t.Helper()
		metrics := get(t, url+"/metrics")
		for line, want := range map[string]bool{
			fmt.Sprintf("spool_up %d\n", up): true,
			fmt.Sprintf("spool_scrape_collector_success{collector=%q} %d\n", "queues", success): true,
			"spool_queue_files{queue=\"mail\"} 1\n":                                             files,
		} {
			if strings.Contains(metrics, line) != want {
				t.Errorf("%q is there: %t, want %t, in\n%s", line, !want, want, metrics)
			}
		}
	}
	check(1, 1, true)
	if err := os.Rename(directory, directory+".away"); err != nil {
		t.Fatal(err)
	}
	check(0, 0, false)
	if err := os.Rename(directory+".away", directory); err != nil {
		t.Fatal(err)
	}
	check(1, 1, true)
}

// TestInvalid checks that the exporter does not start with an invalid flag.
func TestInvalid(t *testing.T) {
	config := newConfig()
	config.Logger = slog.New(slog.DiscardHandler)
	err := exporter.Run(t.Context(), config, []string{"--collector.queues.pattern=[", "--web.listen-address=127.0.0.1:0"})
	if err == nil || !strings.Contains(err.Error(), "pattern") {
		t.Errorf("got error %v", err)
	}
}

// TestSamples checks the sample configuration files.
func TestSamples(t *testing.T) {
	config := newConfig()
	config.Output = io.Discard
	args := []string{"--config.file=exporter.yml", "--web.config.file=web-config.yml", "--config.check"}
	if err := exporter.Run(t.Context(), config, args); err != nil {
		t.Error(err)
	}
}
