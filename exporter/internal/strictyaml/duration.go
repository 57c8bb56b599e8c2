package strictyaml

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// ParseDuration parses a duration in Prometheus's syntax: 500ms, 5s, 1h30m, 1d, or 0. A negative
// duration is an error. The error says what is allowed.
func ParseDuration(text string) (time.Duration, error) {
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	const allowed = "allowed are durations such as 500ms, 5s, 1h30m or 1d"
	switch {
	case strings.HasPrefix(text, "-"):
		return 0, fmt.Errorf("%s is negative; %s", quote(text), allowed)
	case text != "" && strings.Trim(text, "0123456789.") == "":
		return 0, fmt.Errorf("%s has no unit; %s", quote(text), allowed)
	default:
		return 0, fmt.Errorf("%s is not a duration; %s", quote(text), allowed)
	}
}

// FormatDuration is the inverse of [ParseDuration]. Durations that Prometheus's syntax cannot express,
// such as 1.5ms, are formatted as [time.Duration.String] does.
func FormatDuration(d time.Duration) string {
	if d < 0 || d%time.Millisecond != 0 {
		return d.String()
	}
	return model.Duration(d).String()
}
