//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestGraphite checks pushes to VictoriaMetrics by Graphite's plaintext protocol.
func TestGraphite(t *testing.T) {
	t.Parallel() // The test mostly waits.
	program := needProgram(t, "victoria-metrics", "victoria-metrics")
	address, graphite := freeAddress(t), freeAddress(t)
	server := "http://" + address
	startServer(t, server+"/health", program,
		"-httpListenAddr="+address, "-graphiteListenAddr="+graphite, "-storageDataPath="+t.TempDir())
	testPusher(t, "graphite", "example.", []string{"-address", graphite}, func() (map[string]float64, error) {
		return exportedValues(t, server)
	})
}

// exportedValues returns the largest stored value of each of the example program's series in
// VictoriaMetrics. Graphite's timestamps are seconds, so the last of several samples need not be the newest.
func exportedValues(t *testing.T, server string) (map[string]float64, error) {
	t.Helper()
	text, err := page(t, server+"/api/v1/export?match[]="+url.QueryEscape(`{__name__=~"example[.].*"}`))
	if err != nil {
		return nil, err
	}
	values := make(map[string]float64)
	for lines := json.NewDecoder(strings.NewReader(text)); ; {
		var line struct {
			Metric map[string]string `json:"metric"`
			Values []float64         `json:"values"`
		}
		err := lines.Decode(&line)
		switch {
		case errors.Is(err, io.EOF):
			return values, nil
		case err != nil:
			return nil, err
		}
		values[line.Metric["__name__"]] = slices.Max(line.Values)
	}
}
