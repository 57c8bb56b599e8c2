package expvar

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/luxfi/metric"
)

// maxString is the maximum length of exposed strings, in bytes.
const maxString = 256

// collection collects the metrics of one scrape. Only one goroutine uses it.
type collection struct {
	config    *config
	ch        chan<- metric.Metric
	families  map[string]*family // families by name
	variables []*variable
}

// family is a metric in a collection.
type family struct {
	origin    string // the variable and the fields that the family shows
	valueType metric.ValueType
	descs     []*metric.Desc // descriptors by number of labels; nil until they are needed
	reported  bool           // whether another origin with the same name has been reported
}

// variable is a variable that is being exposed.
type variable struct {
	*collection
	name      string
	labels    []string
	series    int // number of series
	over      int // number of values left out because of the limit
	deep      int // number of maps left out because of the depth
	malformed int // number of values left out because they are not valid numbers
}

// place is the position of a value within its variable.
type place struct {
	fields []string // keys that become part of the metric's name
	labels []string // keys that become values of labels
}

func (c *collection) variable(name string) *variable {
	v := &variable{collection: c, name: name, labels: c.config.labels[name]}
	c.variables = append(c.variables, v)
	return v
}

// value exposes a tree at a place. level is the number of maps around the tree.
func (v *variable) value(at place, tree any, level int) {
	switch tree := tree.(type) {
	case float64:
		v.sample(at, tree)
	case json.Number:
		f, err := strconv.ParseFloat(tree.String(), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			v.malformed++
			return
		}
		v.sample(at, f) // f is infinite if the number is out of range.
	case bool:
		f := 0.0
		if tree {
			f = 1
		}
		v.sample(at, f)
	case string:
		if v.config.strings && len(tree) <= maxString {
			v.info(at, tree)
		}
	case map[string]any:
		if level >= v.config.depth {
			v.deep++
			return
		}
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			v.value(v.below(at, key), tree[key], level+1)
		}
	}
}

// below returns the place of an element of the JSON object at a place.
func (v *variable) below(at place, key string) place {
	if len(at.fields) == 0 && len(at.labels) < len(v.labels) {
		return place{nil, append(at.labels[:len(at.labels):len(at.labels)], key)}
	}
	return place{append(at.fields[:len(at.fields):len(at.fields)], key), at.labels}
}

func (v *variable) sample(at place, value float64) {
	name := metricName(v.name, at.fields, "")
	f := v.family(name, at, func() metric.ValueType { return v.config.typeOf(name) })
	v.send(f, name, at, value, nil)
}

func (v *variable) info(at place, text string) {
	name := metricName(v.name, at.fields, "_info")
	f := v.family(name, at, func() metric.ValueType { return metric.GaugeValue })
	v.send(f, name, at, 1, []string{text})
}

// typeOf returns the type of the metric called name.
func (c *config) typeOf(name string) metric.ValueType {
	matches := func(r *regexp.Regexp) bool { return r.MatchString(name) }
	switch {
	case slices.ContainsFunc(c.counters, matches):
		return metric.CounterValue
	case slices.ContainsFunc(c.gauges, matches):
		return metric.GaugeValue
	}
	return metric.UntypedValue
}

// family returns the family called name, or nil if that name already shows something else.
func (v *variable) family(name string, at place, valueType func() metric.ValueType) *family {
	origin := strings.Join(append([]string{strconv.Quote(v.name)}, at.fields...), ".")
	f := v.families[name]
	switch {
	case f == nil:
		f = &family{origin: origin, valueType: valueType()}
		v.families[name] = f
	case f.origin != origin:
		if !f.reported {
			f.reported = true
			v.report(fmt.Errorf("metric %s is expvar variable %s, so %s, which has the same name as a metric, was left out: publish one of them under another name",
				name, f.origin, origin))
		}
		return nil
	}
	return f
}

// send sends a sample. If info is not nil, its element is the value of an additional label.
func (v *variable) send(f *family, name string, at place, value float64, info []string) {
	if f == nil {
		return
	}
	if v.series >= v.config.limit {
		v.over++
		return
	}
	v.series++
	n := len(at.labels)
	if n >= len(f.descs) {
		f.descs = append(f.descs, make([]*metric.Desc, n+1-len(f.descs))...)
	}
	if f.descs[n] == nil {
		names := v.labelNames(n)
		if info != nil {
			names = append(names, infoLabel(names))
		}
		f.descs[n] = metric.NewDesc(name, "Variable "+strings.ToValidUTF8(f.origin, "\uFFFD")+" of package expvar.", names, nil)
	}
	values := make([]string, 0, n+1)
	for _, l := range append(at.labels[:n:n], info...) {
		values = append(values, strings.ToValidUTF8(l, "\uFFFD"))
	}
	m, err := metric.NewConstMetric(f.descs[n], f.valueType, value, values...)
	if err != nil {
		v.report(fmt.Errorf("expvar variable %q: %w", v.name, err))
		return
	}
	v.ch <- m
}

func (c *collection) report(err error) {
	c.ch <- metric.NewInvalidMetric(metric.NewInvalidDesc(err), err)
}

// finish reports the values of each variable that were left out.
func (c *collection) finish() {
	for _, v := range c.variables {
		if v.over > 0 {
			c.report(fmt.Errorf("expvar variable %q has %d values more than the limit of %d, which were left out: see WithLimit", v.name, v.over, c.config.limit))
		}
		if v.deep > 0 {
			c.report(fmt.Errorf("expvar variable %q has %d maps below the depth of %d, which were left out: see WithDepth", v.name, v.deep, c.config.depth))
		}
		if v.malformed > 0 {
			c.report(fmt.Errorf("expvar variable %q has %d numbers that cannot be read, which were left out", v.name, v.malformed))
		}
	}
}
