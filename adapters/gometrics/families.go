package gometrics

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	metrics "github.com/hashicorp/go-metrics"

	"github.com/luxfi/metric"
)

// families are the metrics of a sink.
//
// A vector has fixed label names, but go-metrics allows any label names with each metric. So a family has
// one vector for each set of label names. A single registry would refuse vectors that share a name. So each
// vector of a family is in a different registry, called a layer: the vectors for the first set of label
// names of all families are in layer 0, those for the second set are in layer 1, and so on. A scrape merges
// the layers.
type families struct {
	report *reporter

	vectors vectors
	total   bool
	limit   int // limit of metrics; 0 means none

	mu     sync.Mutex // guards the fields below
	root   *metric.ContextRegistry
	layers []*metric.ContextRegistry
	byName map[identity]*family
	taken  map[string]string // names in the exposition and the metrics that use them
	size   int               // number of vectors that count toward limit
	news   []error           // errors to report after unlocking
}

// lock locks f. The returned function unlocks f and then reports the errors in news.
func (f *families) lock() (unlock func()) {
	f.mu.Lock()
	return func() {
		news := f.news
		f.news = nil
		f.mu.Unlock()
		for _, err := range news {
			f.report.error(renamedMetric, err)
		}
	}
}

// identity identifies a family.
type identity struct {
	kind kind
	name string
}

// family is a metric, with a vector for each set of label names.
type family struct {
	identity

	written string // name in the exposition
	help    string
	layers  int // number of layers with a vector of the family

	sets    map[string]*vector // vectors by label names
	defined map[string]*series // defined series by label names and values
	pinned  map[string]*vector // vectors of defined series, by label names
}

func newFamilies(root *metric.ContextRegistry, c *config, report *reporter) *families {
	f := &families{
		report:  report,
		vectors: vectors{histogram: c.histogram, summary: c.summary, expiry: c.expiry, limit: c.seriesLimit},
		total:   c.total,
		limit:   c.metricLimit,
		root:    root,
		byName:  make(map[identity]*family),
		taken:   map[string]string{droppedName: "the sink itself"},
	}
	f.addLayer().MustRegister(report.dropped)
	return f
}

func (f *families) addLayer() *metric.ContextRegistry {
	layer := metric.NewContextRegistry()
	f.root.MustRegister(layer) // The registry is empty, so this cannot fail.
	f.layers = append(f.layers, layer)
	return layer
}

// define creates the series of the definitions.
func (f *families) define(definitions [numKinds][]Definition) error {
	defer f.lock()()
	var errs []error
	for k, list := range definitions {
		for _, d := range list { // All families come before the first vector, because the last help counts.
			fam, err := f.family(identity{kind(k), flatten(d.Name)})
			if err != nil {
				errs = append(errs, fmt.Errorf("gometrics: the definition of %s %q: %w", kind(k), d.Name, err))
			} else if d.Help != "" {
				fam.help = strings.ToValidUTF8(d.Help, "\uFFFD")
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for k, list := range definitions {
		for _, d := range list {
			if err := f.defineSeries(f.byName[identity{kind(k), flatten(d.Name)}], d.ConstLabels); err != nil {
				errs = append(errs, fmt.Errorf("gometrics: the definition of %s %q: %w", kind(k), d.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (f *families) defineSeries(fam *family, labels []metrics.Label) error {
	names, values := normalize(fam.kind, labels)
	set := fam.pinned[joined(names)]
	if set == nil {
		pinned := f.vectors
		pinned.expiry, pinned.limit = never, 0
		var err error
		if set, err = f.addVector(fam, pinned, names); err != nil {
			return err
		}
		fam.pinned[joined(names)] = set
	}
	s, err := set.with(values)
	fam.defined[joined(names)+joined(values)] = s
	return err
}

// never means no expiry, even if the registry has one.
const never = time.Duration(-1)

// find returns the series for a key and labels. If the series cannot be created, its field err contains the
// reason.
func (f *families) find(k kind, key []string, labels []metrics.Label) *series {
	names, values := normalize(k, labels)
	defer f.lock()()
	fam, err := f.family(identity{k, flatten(key)})
	if err != nil {
		return &series{err: fmt.Errorf("%s %q was not updated: %w", k, strings.Join(key, "."), err), reason: badName}
	}
	if s := fam.defined[joined(names)+joined(values)]; s != nil {
		return s
	}
	set := fam.sets[joined(names)]
	if set == nil {
		if f.limit > 0 && f.size >= f.limit {
			return &series{err: fmt.Errorf("%s %q with the labels %q was not updated: there are %d metrics already, which is the limit",
				k, fam.written, names, f.limit), reason: overLimit}
		}
		if set, err = f.addVector(fam, f.vectors, names); err != nil {
			return &series{err: fmt.Errorf("%s %q was not updated: %w", k, fam.written, err), reason: badName}
		}
		fam.sets[joined(names)] = set
		f.size++
	}
	s, err := set.with(values)
	if err != nil {
		return &series{err: fmt.Errorf("%s %q was not updated: %w", k, fam.written, err), reason: badName}
	}
	return s
}

// addVector adds a vector to a family and registers it in the next layer.
func (f *families) addVector(fam *family, v vectors, names []string) (*vector, error) {
	set := v.make(fam.kind, fam.written, fam.help, names)
	if fam.layers == len(f.layers) {
		f.addLayer()
	}
	if err := f.layers[fam.layers].Register(set.collector); err != nil {
		return nil, err
	}
	fam.layers++
	return set, nil
}

// family returns the family with the given identity. It creates the family if necessary.
func (f *families) family(id identity) (*family, error) {
	if fam := f.byName[id]; fam != nil {
		return fam, nil
	}
	if id.name == "" {
		return nil, errors.New("the key is empty")
	}
	if f.limit > 0 && f.size >= f.limit { // The family will get no vector, so it must not use memory.
		return &family{identity: id, written: id.name}, nil
	}
	written := id.name
	if f.total && id.kind == counter && !strings.HasSuffix(written, "_total") {
		written += "_total"
	}
	if by := f.takenBy(id.kind, written); by != "" {
		renamed := written + "_" + id.kind.String()
		if also := f.takenBy(id.kind, renamed); also != "" {
			return nil, fmt.Errorf("the name is taken by %s, and %q by %s", by, renamed, also)
		}
		f.news = append(f.news, fmt.Errorf("%s %q is exposed as %q, because the name is taken by %s", id.kind, written, renamed, by))
		written = renamed
	}
	for _, name := range f.vectors.names(id.kind, written) {
		f.taken[name] = fmt.Sprintf("%s %q", id.kind, written)
	}
	fam := &family{
		identity: id, written: written, help: id.name,
		sets: make(map[string]*vector), defined: make(map[string]*series), pinned: make(map[string]*vector),
	}
	f.byName[id] = fam
	return fam, nil
}

// takenBy returns the metric that already uses one of the names that a metric called written would have in
// the exposition, or "".
func (f *families) takenBy(k kind, written string) string {
	for _, name := range f.vectors.names(k, written) {
		if by := f.taken[name]; by != "" {
			return by
		}
	}
	return ""
}
