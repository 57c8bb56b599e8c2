package strictyaml_test

import (
	"testing"
	"time"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "500ms": 500 * time.Millisecond, "5s": 5 * time.Second, "1h30m": 90 * time.Minute, "1d": 24 * time.Hour, "1w": 7 * 24 * time.Hour,
	} {
		d, err := strictyaml.ParseDuration(text)
		if err != nil || d != want {
			t.Errorf("%s is %v, %v", text, d, err)
		}
		if again, err := strictyaml.ParseDuration(strictyaml.FormatDuration(d)); err != nil || again != d {
			t.Errorf("%v comes back as %v, %v", d, again, err)
		}
	}
	for _, text := range []string{"", "5", "-5s", "1.5s", "5 s", "s", "1s1h", "1000000y"} {
		if d, err := strictyaml.ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
	if got := strictyaml.FormatDuration(1500 * time.Microsecond); got != "1.5ms" {
		t.Errorf("1.5ms is written as %s", got)
	}
}
