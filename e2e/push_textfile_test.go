//go:build e2e

package e2e

import (
	"path/filepath"
	"testing"
)

// TestTextfile checks that node_exporter reads the files that a program writes.
func TestTextfile(t *testing.T) {
	program, address, dir := needProgram(t, "prometheus-node-exporter", "prometheus-node-exporter"), freeAddress(t), t.TempDir()
	server := "http://" + address + "/metrics"
	startServer(t, server, program, "--web.listen-address="+address,
		"--collector.disable-defaults", "--collector.textfile", "--collector.textfile.directory="+dir)
	testPusher(t, "textfile", "", []string{"-file", filepath.Join(dir, "demo.prom")}, func() (map[string]float64, error) {
		return pageValues(t, server)
	})
}
