package strictyaml_test

import (
	"testing"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// TestUnknown checks the error for an unknown word, which suggests a similar word.
func TestUnknown(t *testing.T) {
	allowed := []string{"dsn", "enabled", "max_connections"}
	const list = "allowed are: dsn, enabled, max_connections"
	for word, near := range map[string]string{
		"enabeld": "enabled", "enable": "enabled", "max-connections": "max_connections", "maxConections": "max_connections", "DSN": "dsn",
		"dns": "dsn", "x": "", "": "", "connections": "", "é": "",
	} {
		want := "unknown key; " + list
		if near != "" {
			want = "unknown key, did you mean " + near + "? " + list
		}
		if got := strictyaml.Unknown("key", word, allowed); got != want {
			t.Errorf("%q: %s", word, got)
		}
	}
}
