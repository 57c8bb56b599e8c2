package expvar

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Option is an option of [NewCollector].
type Option func(*config)

type config struct {
	selected         func(name string) bool
	counters, gauges []*regexp.Regexp
	labels           map[string][]string // names of labels, by variable
	strings          bool
	limit, depth     int
	funcTimeout      time.Duration
}

func newConfig(opts []Option) *config {
	c := &config{
		selected:    func(name string) bool { return name != "memstats" && name != "cmdline" },
		labels:      make(map[string][]string),
		limit:       1000,
		depth:       5,
		funcTimeout: 10 * time.Second,
	}
	for _, o := range opts {
		o(c)
	}
	return c
}

// WithSelect makes the collector expose the variables for whose names selected returns true. Without it,
// the collector exposes all variables except memstats and cmdline. selected must be safe for concurrent
// use. A nil function selects all variables.
func WithSelect(selected func(name string) bool) Option {
	if selected == nil {
		selected = func(string) bool { return true }
	}
	return func(c *config) { c.selected = selected }
}

// WithCounters makes numbers counters if the name of their metric matches one of the expressions, such as
// regexp.MustCompile(`_(total|count)$`).
func WithCounters(names ...*regexp.Regexp) Option {
	return func(c *config) { c.counters = append(c.counters, names...) }
}

// WithGauges makes numbers gauges if the name of their metric matches one of the expressions and none of
// those in [WithCounters].
func WithGauges(names ...*regexp.Regexp) Option {
	return func(c *config) { c.gauges = append(c.gauges, names...) }
}

// WithLabels names the labels of a variable. The first label is for the keys of the variable, which is a
// map or a JSON object. The second label is for the keys of maps and objects within it, and so on.
// WithLabels panics if a name is not a valid label name or occurs twice.
func WithLabels(variable string, names ...string) Option {
	for i, name := range names {
		if !labelName.MatchString(name) {
			panic(fmt.Errorf("expvar variable %q cannot have the label %q: only ASCII letters, digits and underscores are allowed, no digit first and no two underscores first", variable, name))
		}
		if slices.Contains(names[:i], name) {
			panic(fmt.Errorf("expvar variable %q cannot have the label %q twice", variable, name))
		}
	}
	names = slices.Clone(names)
	return func(c *config) { c.labels[variable] = names }
}

var labelName = regexp.MustCompile(`^(_?[a-zA-Z][a-zA-Z0-9_]*|_[0-9][a-zA-Z0-9_]*|_)$`)

// WithStrings exposes strings as metrics whose name ends in _info and whose value is 1. Their label value
// contains the string. Strings longer than 256 bytes are left out without a report.
func WithStrings() Option { return func(c *config) { c.strings = true } }

// WithLimit limits the number of series of each variable. The default is 1,000. WithLimit panics if the
// limit is not positive.
func WithLimit(series int) Option {
	if series <= 0 {
		panic(fmt.Errorf("a limit of %d series for each expvar variable: it must be positive", series))
	}
	return func(c *config) { c.limit = series }
}

// WithDepth limits how deeply maps and JSON objects may be nested. The default is 5 levels. WithDepth
// panics if the number of levels is not positive.
func WithDepth(levels int) Option {
	if levels <= 0 {
		panic(fmt.Errorf("a depth of %d for expvar variables: it must be positive", levels))
	}
	return func(c *config) { c.depth = levels }
}

// WithFuncTimeout limits how long a scrape waits for functions, in addition to the deadline of the scrape.
// The default is 10 seconds. WithFuncTimeout panics if the limit is not positive.
func WithFuncTimeout(limit time.Duration) Option {
	if limit <= 0 {
		panic(fmt.Errorf("a timeout of %v for functions of package expvar: it must be positive", limit))
	}
	return func(c *config) { c.funcTimeout = limit }
}
