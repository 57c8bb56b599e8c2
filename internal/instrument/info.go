package instrument

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// Info is a series whose value is always 1, and whose info labels can be replaced.
type Info struct {
	series

	// labels holds all labels of the series, which are immutable. It is nil until the info labels are
	// set for the first time: a series of a vector is not exposed before that.
	labels atomic.Pointer[model.Labels]
}

// infoShape holds the common properties of all series of an info family.
type infoShape struct {
	names  []string      // names of the info labels, sorted
	layout *model.Layout // layout of the constant, the variable and the info labels
	first  string        // argument of NewInfo, for messages
}

// NewInfo returns an info without variable labels.
func NewInfo(opts prometheus.Opts, labels prometheus.Labels) *Info {
	f := newInfoFamily(opts, nil, slices.Collect(maps.Keys(labels)))
	i := newSingle[Info](f)
	if err := i.TrySet(labels); err != nil && f.desc.Err() == nil {
		f.desc = prometheus.NewInvalidDesc(err)
	}
	f.info.first = i.infoText()
	return i
}

// newInfoFamily makes a family whose name has the suffix that OpenMetrics demands. The info labels are
// not variable labels, because lookups do not use them.
func newInfoFamily(opts prometheus.Opts, variable prometheus.ConstrainableLabels, infoLabels []string) *family {
	if !strings.HasSuffix(opts.Name, model.InfoSuffix) && opts.Name != "" {
		opts.Name += model.InfoSuffix
	}
	f := newFamily(model.Info, opts, variable)
	names := make([]string, 0, len(infoLabels))
	for _, name := range infoLabels {
		names = append(names, strings.Clone(name))
	}
	slices.Sort(names)
	all := slices.Concat(f.names(), names)
	f.info = &infoShape{names: names, layout: model.NewLayout(constantOf(opts), all)}
	switch {
	case f.desc.Err() != nil:
	case f.Name == model.InfoSuffix:
		f.desc = prometheus.NewInvalidDesc(fmt.Errorf("an info needs a name before the suffix %s", model.InfoSuffix))
	default:
		f.desc = prometheus.NewDesc(f.Name, f.Help, all, opts.ConstLabels)
	}
	return f
}

// Set replaces the info labels. It panics where TrySet returns an error.
func (i *Info) Set(labels prometheus.Labels) {
	if err := i.TrySet(labels); err != nil {
		panic(err)
	}
}

// TrySet replaces all info labels at once. It copies them.
func (i *Info) TrySet(labels prometheus.Labels) error {
	shape := i.family.info
	values := i.family.layout.Values(labelsOf(i))
	for _, name := range shape.names {
		value, given := labels[name]
		switch {
		case !given:
			return shape.misuse(i.family, fmt.Errorf("label name %q is missing", name))
		case !utf8.ValidString(value):
			return shape.misuse(i.family, fmt.Errorf("label %s: value %q is not valid UTF-8", name, strings.Clone(value)))
		}
		values = append(values, value)
	}
	if len(labels) != len(shape.names) {
		return shape.misuse(i.family, fmt.Errorf("unknown label names%s", quotedNames(shape.unknown(labels))))
	}
	rendered := shape.layout.Render(values)
	i.setLabels(&rendered)
	return nil
}

func (i *Info) setLabels(all *model.Labels) {
	i.labels.Store(all)
	setMark(&labelmap.Of(i).Mark, wasUpdated)
}

// Labels returns the info labels, or nil if they have not been set.
func (i *Info) Labels() prometheus.Labels {
	all := i.labels.Load()
	if all == nil {
		return nil
	}
	shape := i.family.info
	values := shape.layout.Values(*all)[len(i.family.names()):]
	labels := make(prometheus.Labels, len(shape.names))
	for k, name := range shape.names {
		labels[name] = values[k]
	}
	return labels
}

// infoText formats the info labels.
func (i *Info) infoText() string {
	var pairs []string
	for name, value := range i.Labels() {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, value))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}

// Point implements [Instrument].
func (i *Info) Point(p *model.Point, _ *model.Scratch) {
	labels := labelsOf(i)
	if all := i.labels.Load(); all != nil {
		labels = *all
	}
	p.SetNumber(labels, 1)
}

// Write implements Metric.
func (i *Info) Write(out *clientmodel.Metric) error { return writeInstrument(i, out) }

// Describe implements Collector.
func (i *Info) Describe(ch chan<- *prometheus.Desc) { ch <- i.Desc() }

// Collect implements Collector. It sends nothing before the info labels are set.
func (i *Info) Collect(ch chan<- prometheus.Metric) {
	if i.labels.Load() != nil {
		ch <- i
	}
}

func (s *infoShape) misuse(f *family, err error) error {
	wanted := "takes no info labels"
	if len(s.names) > 0 {
		wanted = "takes the info labels" + quotedNames(s.names)
	}
	return fmt.Errorf("%s, which %s: %w", f.title(), wanted, err)
}

func (s *infoShape) unknown(labels prometheus.Labels) (names []string) {
	for name := range labels {
		if !slices.Contains(s.names, name) {
			names = append(names, strings.Clone(name))
		}
	}
	slices.Sort(names)
	return names
}

// Infos holds the infos of a vector.
type Infos = Vec[Info, *Info]

// NewInfos returns the infos of a vector, distinguished by the values of their variable labels. Each
// also has info labels.
func NewInfos(opts prometheus.Opts, variable prometheus.ConstrainableLabels, infoLabels []string) *Infos {
	f := newInfoFamily(opts, variable, infoLabels)
	var init func(*Info)
	if len(f.info.names) == 0 {
		init = func(i *Info) { i.Set(nil) } // Without info labels, no call of Set is necessary.
	}
	v := newVec[Info](f, init)
	v.traits, v.series = f.info.traits, newInfoSeries
	return v
}

// infoSeries is a snapshot of the labels of infos.
type infoSeries []*model.Labels

// newInfoSeries reads the labels of the infos that have been set. The entries are sorted by their
// variable labels, so they must be sorted again if an info label sorts before these.
func newInfoSeries(entries []*labelmap.Entry[Info]) model.Series {
	s := make(infoSeries, 0, len(entries))
	for _, e := range entries {
		if labels := e.Child.labels.Load(); labels != nil {
			s = append(s, labels)
		}
	}
	compare := func(a, b *model.Labels) int { return model.CompareSameNames(*a, *b) }
	if !slices.IsSortedFunc(s, compare) {
		slices.SortFunc(s, compare)
	}
	return s
}

func (s infoSeries) Len() int                                   { return len(s) }
func (s infoSeries) At(i int, p *model.Point, _ *model.Scratch) { p.SetNumber(*s[i], 1) }
