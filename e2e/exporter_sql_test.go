//go:build e2e

package e2e

import "testing"

// TestSQLExporter tests sqlexporter on databases of one server.
func TestSQLExporter(t *testing.T) {
	t.Parallel()
	pg := startPostgres(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, pg *postgres)
	}{
		{"prometheus", testPrometheus},
		{"locked table", testLockedTable},
		{"reload", testReload},
		{"drain", testDrain},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, pg)
		})
	}
}
