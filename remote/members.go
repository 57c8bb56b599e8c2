package remote

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/model"
)

// members are the targets of a group at one time.
type members struct {
	byName map[string]*member // by the targets' names in the registry
	names  []string           // in the order of the targets
	faults error              // errors of targets that are not valid
}

// member is a target of a group.
type member struct {
	of        GroupTarget // target, including the group's label
	labels    model.Labels
	collector *collect.Wrapped
}

// add adds a target to s. If old has the same target, add uses that.
func (s *members) add(g *Group, old *members, of GroupTarget) error {
	u, err := parseURL(of.URL)
	if err != nil {
		return err
	}
	of.Labels = maps.Clone(of.Labels)
	if of.Labels == nil {
		of.Labels = make(prometheus.Labels, 1)
	}
	of.Labels[g.opts.Label] = cmp.Or(of.Labels[g.opts.Label], u.Host)
	maps.DeleteFunc(of.Labels, func(_, value string) bool { return value == "" })
	list := make([]model.Label, 0, len(of.Labels))
	for name, value := range of.Labels {
		list = append(list, model.Label{Name: name, Value: value})
	}
	labels, err := model.NewLabels(list)
	if err != nil {
		return err
	}
	name := nameFor(of.Labels[g.opts.Label])
	same := func(m *member) bool { return m != nil && m.of.URL == of.URL && m.labels == labels }
	if other := s.byName[name]; other != nil {
		if same(other) {
			return nil // The target is listed twice.
		}
		return fmt.Errorf("another target%s has the same label %s=%q: every target needs another value", shown(other.of.URL), g.opts.Label, of.Labels[g.opts.Label])
	}
	m := old.byName[name]
	if !same(m) {
		if m, err = g.newMember(of, labels); err != nil {
			return err
		}
	}
	s.byName[name] = m
	s.names = append(s.names, name)
	return nil
}

func (g *Group) newMember(of GroupTarget, labels model.Labels) (*member, error) {
	target, err := New(of.URL, g.opts.Opts)
	if err != nil {
		return nil, err
	}
	target.labels = labels
	w := collect.Wrapping{Labels: of.Labels, Existing: collect.Renamed}
	if g.opts.HonorLabels {
		w.Existing = collect.Honored
	}
	return &member{of, labels, collect.Wrap(target, w)}, nil
}

// nameEscaper escapes a value for use in the name of a collector, because such a name may not contain a
// slash.
var nameEscaper = strings.NewReplacer("%", "%25", "/", "%2F")

// nameFor returns the name of a target in the registry of its group, from its value of the group's label.
// Different values have different names.
func nameFor(value string) string {
	if value == faultsName {
		return "%74" + value[1:]
	}
	return nameEscaper.Replace(value)
}

// shown returns a valid URL, without its credentials and in parentheses. It returns "" for an invalid URL,
// because its error shows as much of it as may be shown.
func shown(target string) string {
	u, err := parseURL(target)
	if err != nil {
		return ""
	}
	return " (" + nameOf(u) + ")"
}
