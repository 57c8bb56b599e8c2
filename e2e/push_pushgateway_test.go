//go:build e2e

package e2e

import "testing"

// TestPushgateway checks pushes to a Pushgateway.
func TestPushgateway(t *testing.T) {
	program, address := needProgram(t, "prometheus-pushgateway", "prometheus-pushgateway"), freeAddress(t)
	server := "http://" + address
	startServer(t, server+"/metrics", program, "--web.listen-address="+address)
	testPusher(t, "pushgateway", "", []string{"-url", server}, func() (map[string]float64, error) {
		return pageValues(t, server+"/metrics")
	})
}
