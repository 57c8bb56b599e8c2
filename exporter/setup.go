package exporter

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"sync"
)

// Setup is what [Config.Configure] works on. It must not be used afterwards, nor by several
// goroutines at once.
type Setup struct {
	// Settings are the program's own settings, as [Config.Settings] has returned them, with
	// what the configuration file says.
	Settings any
	// File is the path of the configuration file, or empty without one. Paths in the
	// settings should be relative to its directory.
	File string
	// Logger is the logger of the exporter.
	Logger *slog.Logger

	added          []Collector
	groups         map[string]int // Limits by name.
	next, previous *configuration
}

// Add adds collectors to the configuration. They are enabled unless they are Disabled, or the
// configuration file disables them. Their names must be unique. Their Flags are not used.
func (s *Setup) Add(collectors ...Collector) { s.added = append(s.added, collectors...) }

// Group adds a group, of which at most so many collectors run at once, for [Policy.Group]. A group of
// that name in the configuration file takes precedence.
func (s *Setup) Group(name string, maxConcurrent int) {
	if s.groups == nil {
		s.groups = make(map[string]int)
	}
	s.groups[name] = maxConcurrent
}

// collectors returns those that are offered and those that were added, checked.
func (s *Setup) collectors(offered []Collector) ([]Collector, error) {
	all := slices.Concat(offered, s.added)
	return all, checkCollectors(all)
}

// resource is what Share has returned.
type resource struct {
	value    io.Closer
	settings any
	close    func()
}

// Share returns a resource, such as a pool of connections, that collectors share and that stays as
// long as each configuration asks for it under that name with settings that are deeply equal. Open
// makes it, and must not wait for backends. It is closed when the last collector that may use it has
// finished. It is an error if the name has been used for another type, and if open returns one.
func Share[T io.Closer](s *Setup, name string, settings any, open func() (T, error)) (T, error) {
	r := s.next.shared[name]
	if r == nil && s.previous != nil {
		r = s.previous.shared[name]
	}
	if r != nil && reflect.DeepEqual(r.settings, settings) {
		if value, ok := r.value.(T); ok {
			s.next.shared[name] = r
			return value, nil
		}
	}
	if s.next.shared[name] != nil {
		var none T
		return none, fmt.Errorf("%q is shared already, with another type or other settings", name)
	}
	value, err := open()
	if err != nil {
		return value, err
	}
	logger := s.Logger
	s.next.shared[name] = &resource{value, settings, sync.OnceFunc(func() {
		if err := guarded("Close", value.Close); err != nil {
			logger.Warn("Closing what collectors have shared failed", "name", name, "err", err)
		}
	})}
	return value, nil
}
