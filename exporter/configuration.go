package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter/internal/strictyaml"
	"github.com/luxfi/metric/exporter/probe"
)

// configuration is a loaded configuration. A reload replaces it as a whole.
type configuration struct {
	file    *file
	members []member             // the enabled collectors, in order
	shared  map[string]*resource // the resources that Share has returned
	groups  map[string]*group
	set     *probe.Set // nil if there are no probers

	scrapes usage           // scrapes that began while this was the current configuration
	retired chan struct{}   // closed when everything that only this configuration needed is closed; made by install
	before  <-chan struct{} // the previous configuration's retired channel; nil for the first one
}

// member is an enabled collector and how it is run.
type member struct {
	unit   *unit
	policy Policy
	group  *metric.Group // nil if the collector is in no group
}

// group is a group of collectors. Configurations share it as long as its limit stays the same.
type group struct {
	group         *metric.Group
	maxConcurrent int
}

// read reads and checks a configuration without making new collectors. It takes over the previous
// configuration's collectors and shared resources that are still needed.
func (e *Exporter) read(ctx context.Context, previous *configuration, probes *probe.Handler) (c *configuration, err error) {
	var settings any
	if e.config.Settings != nil {
		if err := guarded("Settings", func() error { settings = e.config.Settings(); return nil }); err != nil {
			return nil, err
		}
	}
	c = &configuration{shared: make(map[string]*resource), groups: make(map[string]*group)}
	defer func() {
		if err != nil {
			c.abandon(previous)
			c = nil
		}
	}()
	if c.file, err = readFile(e.web.configFile, settings); err != nil {
		return c, err
	}
	setup := &Setup{Settings: settings, File: e.web.configFile, Logger: e.logger(), next: c, previous: previous}
	if e.config.Configure != nil {
		if err := guarded("Configure", func() error { return e.config.Configure(ctx, setup) }); err != nil {
			return c, in(e.web.configFile, err)
		}
	}
	if err := e.choose(c, setup, previous); err != nil {
		return c, err
	}
	if probes != nil {
		c.set, err = probes.Prepare(e.web.configFile, c.file.Probes)
	}
	return c, err
}

// guarded calls f, a function of the program, and returns an error if f panics.
func guarded(name string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s panicked: %v", name, r)
		}
	}()
	return f()
}

// in adds the name of the configuration file to an error that does not begin with it.
func in(file string, err error) error {
	if file == "" || strings.HasPrefix(err.Error(), file) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// choose determines which collectors are enabled, and how they are run.
func (e *Exporter) choose(c *configuration, setup *Setup, previous *configuration) error {
	all, err := setup.collectors(e.offered)
	if err != nil {
		return in(c.file.path, err)
	}
	if err := c.makeGroups(setup, previous); err != nil {
		return in(c.file.path, err)
	}
	errs := []error{c.sectionErrors(all), e.enabling.unknownCollectors(all)}
	for i := range all {
		offered := &all[i]
		section, found := c.file.Collectors[offered.Name]
		if !e.enabling.enabled(offered, section.Enabled) {
			continue
		}
		policy := offered.Policy
		if found {
			policy = section.Policy.apply(policy)
		}
		policy = e.enabling.change(offered.Name, policy)
		m := member{policy: policy}
		err := policy.check()
		if g, ok := c.groups[policy.Group]; ok {
			m.group = g.group
		} else if policy.Group != "" && err == nil {
			err = fmt.Errorf("group %q: %s", policy.Group, strictyaml.Unknown("group", policy.Group, slices.Sorted(maps.Keys(c.groups))))
		}
		if err != nil {
			errs = append(errs, c.at(offered.Name, section.Line, err))
			continue
		}
		if m.unit = previous.unit(offered, i < len(e.offered)); m.unit == nil {
			m.unit = newUnit(offered, c.shared, e.logger())
		}
		c.members = append(c.members, m)
	}
	return errors.Join(errs...)
}

// at adds the position of a collector's section in the configuration file to an error. If line is 0, the
// collector has no section, and at adds only its name.
func (c *configuration) at(collector string, line int, err error) error {
	if line == 0 {
		return fmt.Errorf("collector %s: %w", collector, err)
	}
	return &strictyaml.Error{File: c.file.path, Line: line, Path: "collectors." + collector, Message: err.Error()}
}

// sectionErrors returns an error for each section of the file about a collector that does not exist, and
// for a section that disables the collector of [Config.Ping].
func (c *configuration) sectionErrors(all []Collector) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.file.Collectors)) {
		section := c.file.Collectors[name]
		i := slices.IndexFunc(all, func(o Collector) bool { return o.Name == name })
		switch {
		case i < 0:
			errs = append(errs, c.at(name, section.Line, unknownCollector(name, all)))
		case all[i].always && section.Enabled != nil && !*section.Enabled:
			errs = append(errs, c.at(name, section.Line, errors.New("enabled: must not be false, because this collector cannot be disabled")))
		}
	}
	return errors.Join(errs...)
}

// unknownCollector returns the error for a name that no collector has. It lists the names that exist.
func unknownCollector(name string, all []Collector) error {
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	slices.Sort(names)
	return errors.New(strictyaml.Unknown("collector", name, names))
}

// makeGroups makes the groups of the file and of the program. It takes over the previous configuration's
// groups whose limits are the same.
func (c *configuration) makeGroups(setup *Setup, previous *configuration) error {
	limits := maps.Clone(setup.groups)
	if limits == nil {
		limits = make(map[string]int)
	}
	for name, section := range c.file.Groups {
		limits[name] = section.MaxConcurrent
	}
	for name, limit := range limits {
		if limit < 1 {
			return fmt.Errorf("group %s: max_concurrent is %d, but must be at least 1", name, limit)
		}
		if previous != nil {
			if old, ok := previous.groups[name]; ok && old.maxConcurrent == limit {
				c.groups[name] = old
				continue
			}
		}
		c.groups[name] = &group{metric.NewGroup(name, limit), limit}
	}
	return nil
}

// unit returns an existing unit that this configuration can take over for the collector, or nil.
func (c *configuration) unit(offered *Collector, always bool) *unit {
	if c == nil {
		return nil
	}
	for _, m := range c.members {
		if m.unit.name == offered.Name && (always || m.unit.sameSettings(offered.Settings)) {
			return m.unit
		}
	}
	return nil
}

// constructTime is how long a load of the configuration waits for new collectors. Scrapes wait for
// collectors that take longer.
const constructTime = 10 * time.Second

// build reads a configuration and makes its new collectors.
func (e *Exporter) build(ctx context.Context, previous *configuration) (*configuration, error) {
	c, err := e.read(ctx, previous, e.probes)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, constructTime)
	defer cancel()
	for _, u := range c.newUnits() {
		u.start() // all concurrently
	}
	var errs []error
	for _, u := range c.newUnits() {
		_, err := u.await(ctx)
		if described := guarded("Describe", func() error { u.registered(); return nil }); described != nil {
			err = fmt.Errorf("%w: %w", ErrInvalid, described)
		}
		switch {
		case err == nil:
		case errors.Is(err, ErrInvalid):
			errs = append(errs, in(e.web.configFile, fmt.Errorf("collector %s: %w", u.name, err)))
		default:
			slog.New(&e.log).Warn("Collector is not ready; scrapes will try again", "collector", u.name, "err", err)
		}
	}
	if len(errs) > 0 {
		c.abandon(previous)
		return nil, errors.Join(errs...)
	}
	return c, nil
}

// newUnits returns the units that no earlier configuration has had. Loading waits only for these units, and
// only they can make it fail: the backends of older units may have changed since.
func (c *configuration) newUnits() []*unit {
	var units []*unit
	for _, m := range c.members {
		if !m.unit.installed.Load() {
			units = append(units, m.unit)
		}
	}
	return units
}

// install makes the registry and the probes use next in place of previous.
func (e *Exporter) install(next, previous *configuration) error {
	var (
		remove = previous.names()
		add    []metric.Registration
	)
	for _, m := range next.members {
		if previous.has(m) {
			remove = slices.DeleteFunc(remove, func(name string) bool { return name == m.unit.name })
			continue
		}
		add = append(add, metric.Registration{Collector: m.unit.registered(), Options: append(m.policy.options(func(string) *metric.Group { return m.group }), metric.WithName(m.unit.name))})
	}
	if err := e.registry.Exchange(remove, add...); err != nil {
		if already, ok := errors.AsType[metric.AlreadyRegisteredError](err); ok {
			for _, m := range next.members {
				if c := m.unit.registered(); reflect.TypeOf(c).Comparable() && c == already.NewCollector {
					err = fmt.Errorf("collector %s: another collector has the same metrics: %w", m.unit.name, err)
				}
			}
		}
		return in(e.web.configFile, err)
	}
	if e.probes != nil {
		e.probes.Use(next.set)
	}
	next.retired = make(chan struct{})
	for _, m := range next.members {
		m.unit.installed.Store(true)
	}
	return nil
}

// names returns the names of all collectors.
func (c *configuration) names() []string {
	if c == nil {
		return nil
	}
	names := make([]string, len(c.members))
	for i, m := range c.members {
		names[i] = m.unit.name
	}
	return names
}

// has reports whether c, which may be nil, has the same member.
func (c *configuration) has(m member) bool { return c != nil && slices.Contains(c.members, m) }
