package exporter

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"sync"
)

// Setup is the argument of [Config.Configure], which adds collectors and groups to it. A Setup must not be
// used after Configure has returned. It is not safe for concurrent use.
type Setup struct {
	// Settings are the program's settings: the value that [Config.Settings] returned, with the values of
	// the configuration file.
	Settings any
	// File is the path of the configuration file, or empty if there is no file. Relative paths in the
	// settings should be relative to its directory.
	File string
	// Logger is the logger of the exporter.
	Logger *slog.Logger

	added          []Collector
	groups         map[string]int // limits by name
	next, previous *configuration
}

// Add adds collectors to the configuration. They are enabled unless their field Disabled is true or the
// configuration file disables them. Their names must be unique. Their Flags are ignored.
func (s *Setup) Add(collectors ...Collector) { s.added = append(s.added, collectors...) }

// Group adds a group for [Policy.Group]. At most maxConcurrent of the group's collectors run at the same
// time. A group of the same name in the configuration file takes precedence.
func (s *Setup) Group(name string, maxConcurrent int) {
	if s.groups == nil {
		s.groups = make(map[string]int)
	}
	s.groups[name] = maxConcurrent
}

// collectors checks the collectors that the exporter offers and those that were added, and returns all of
// them.
func (s *Setup) collectors(offered []Collector) ([]Collector, error) {
	all := slices.Concat(offered, s.added)
	return all, checkCollectors(all)
}

// resource is a resource that [Share] has returned.
type resource struct {
	value    io.Closer
	settings any
	close    func()
}

// Share returns a resource, such as a connection pool, for several collectors. The resource is kept as
// long as each new configuration shares it under the same name with deeply equal settings. Open makes
// the resource; it must not wait for backends. The resource is closed when the last collector that may
// use it has finished. Share returns an error if open does, or if the name is in use for another type.
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
			logger.Warn("Closing a resource that collectors share failed", "name", name, "err", err)
		}
	})}
	return value, nil
}
