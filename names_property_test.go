package metric_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
)

var (
	namesSeed   = flag.Uint64("names.seed", 0, "run TestNamesAsWritten with this seed only")
	namesWorlds = flag.Uint64("names.worlds", 60, "how many registries TestNamesAsWritten makes")
)

// TestNamesAsWritten makes registries whose families and series clash. Some of them clash only after
// escaping, or with the suffixes of their samples. The test reads the expositions in all formats and escaping
// schemes. It checks that a reader never takes two families or series for one, that all series without a
// clash are there, and that an error names the collector of each missing series.
func TestNamesAsWritten(t *testing.T) {
	first, last := uint64(1), *namesWorlds
	if *namesSeed > 0 {
		first, last = *namesSeed, *namesSeed
	}
	for seed := first; seed <= last; seed++ {
		w := newWorld(t, seed)
		for _, v := range views() {
			w.check(t, v)
			if t.Failed() {
				t.Fatalf("with -names.seed=%d, %v\n%s", seed, v, w)
			}
		}
	}
}

// view is a way to scrape.
type view struct {
	format   expfmt.Format
	created  bool
	escaping model.EscapingScheme
}

func views() (all []view) {
	for _, escaping := range []model.EscapingScheme{model.NoEscaping, model.UnderscoreEscaping, model.DotsEscaping, model.ValueEncodingEscaping} {
		for _, format := range []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoDelim, expfmt.FmtProtoCompact} {
			all = append(all, view{format, false, escaping})
		}
		all = append(all, view{expfmt.FmtOpenMetrics_1_0_0, true, escaping})
	}
	return all
}

// name returns a family's name as written.
func (v view) name(name string) string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return name
	}
	return model.EscapeName(name, v.escaping)
}

// label returns a label's name as written. A colon is escaped, unlike in the name of a family.
func (v view) label(name string) string {
	if v.escaping == model.NoEscaping || model.LegacyValidation.IsValidLabelName(name) {
		return name
	}
	dot := strings.ReplaceAll(model.EscapeName(strings.ReplaceAll(name, ":", "-"), v.escaping), "_2d_", "_3a_")
	return dot
}

// item is one series that a source has.
type item struct {
	source    string // name of its collector
	family    string // its name in the scrape
	typ       string
	labels    map[string]string
	id        float64 // unique value or sum
	stream    bool
	gathered  bool
	announced bool
}

// suffixes returns the suffixes of the series that represent the family in an exposition.
func (i *item) suffixes() []string {
	switch i.typ {
	case "histogram":
		return []string{"_bucket", "_sum", "_count"}
	case "summary":
		return []string{"", "_sum", "_count"}
	default:
		return []string{""}
	}
}

// names returns all names that the item's family has for a reader.
func (i *item) names(v view) map[string]bool {
	name := v.name(i.family)
	all := map[string]bool{name: true}
	for _, suffix := range i.suffixes() {
		all[name+suffix] = true
	}
	if v.created && i.typ != "gauge" {
		all[i.createdName(v)] = true
	}
	return all
}

func (i *item) createdName(v view) string {
	name := v.name(i.family)
	if i.typ == "counter" {
		name = strings.TrimSuffix(name, "_total")
	}
	return name + "_created"
}

// valueName returns the name of the series whose value is the id.
func (i *item) valueName(v view) string {
	if i.typ == "histogram" || i.typ == "summary" {
		return v.name(i.family) + "_sum"
	}
	return v.name(i.family)
}

// key returns the label set as a reader sees it. merged reports whether two labels have become one.
func (i *item) key(v view) (key string, merged bool) {
	read := make(map[string]string)
	for name, value := range i.labels {
		escaped := v.label(name)
		if _, ok := read[escaped]; ok {
			merged = true
		}
		read[escaped] = value
	}
	maps.DeleteFunc(read, func(_, value string) bool { return value == "" })
	return fmt.Sprint(read), merged
}

// hasPlainLabels reports whether all labels are read as they are.
func (i *item) hasPlainLabels(v view) bool {
	for name, value := range i.labels {
		if v.label(name) != name || value == "" {
			return false
		}
	}
	return true
}

// mayLose reports whether the registry may leave out item i because of other.
func (i *item) mayLose(other *item, v view) bool {
	// A series that a stream has written cannot give way to a later one.
	late := other.stream && !i.announced
	if i == other {
		return false
	}
	if i.family == other.family && i.typ == other.typ {
		mine, _ := i.key(v)
		theirs, _ := other.key(v)
		return late || mine == theirs && (!i.hasPlainLabels(v) || other.hasPlainLabels(v))
	}
	if v.name(i.family) == i.family && v.name(other.family) != other.family && !late {
		return false
	}
	theirs := other.names(v)
	for name := range i.names(v) {
		if theirs[name] {
			return true
		}
	}
	return false
}

// world is a registry with its sources and items.
type world struct {
	*rand.Rand

	all     metric.MultiGatherer // a registry and gatherers
	items   []*item
	skipped []error // errors of sources that could not be registered
}

func (w *world) String() string {
	var b strings.Builder
	for _, i := range w.items {
		fmt.Fprintf(&b, "%+v\n", *i)
	}
	return b.String()
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 0)), all: metric.NewMultiGatherer()}
	root := metric.NewContextRegistry()
	if err := w.all.Register("root", root); err != nil {
		t.Fatal(err)
	}
	for n := range 3 + w.IntN(6) {
		w.addSource(t, root, fmt.Sprint("src", n), "", nil, 0)
	}
	return w
}

var (
	clashingNames = []string{
		"a", "a_count", "a_sum", "a_bucket", "a_total", "a_created", "a_total_created", "a.count", "a-count", "p_a", "p_a_count",
		"x.y", "x_y", "x-y", "x.y_count", "x_y_count", "x.y.count", "x_dot_y", "U__x_2e_y", "U__x_2e_y_count", "x_dot_y_sum",
	}
	clashingLabels = []map[string]string{
		{}, {"l": "1"}, {"l": "2"}, {"l": ""}, {"l": "1", "m": ""}, {"l": "", "m": "1"}, {"a.b": "1"}, {"a_b": "1"}, {"a-b": "1"},
		{"a.b": "1", "a_b": "1"}, {"a.b": "", "l": "1"}, {"a_dot_b": "1"}, {"a:b": "1"},
	}
	types = []string{"counter", "gauge", "histogram", "summary"}
)

func (w *world) family(source string, isVector bool) familyOf {
	f := familyOf{name: clashingNames[w.IntN(len(clashingNames))], typ: types[w.IntN(len(types))], help: "help"}
	if w.IntN(4) == 0 {
		f.name = source + ".unique_" + strconv.Itoa(w.IntN(1e9)) // This name clashes with nothing.
	}
	if w.IntN(8) == 0 {
		f.help = "another help"
	}
	labels := clashingLabels[w.IntN(len(clashingLabels))]
	for n := range 1 + w.IntN(3) {
		if !isVector {
			labels = clashingLabels[w.IntN(len(clashingLabels))]
		}
		labels = maps.Clone(labels)
		if isVector && n > 0 {
			if _, ok := labels["l"]; !ok {
				break
			}
			labels["l"] = "v" + strconv.Itoa(n)
		}
		f.labels = append(f.labels, labels)
		f.ids = append(f.ids, float64(1000+w.IntN(1e6)))
	}
	return f
}

// addSource registers a source. The registries around it add prefix to its names, and the labels extra to its
// series.
func (w *world) addSource(t *testing.T, r *metric.ContextRegistry, name, prefix string, extra map[string]string, depth int) {
	kind := w.IntN(8)
	var families []familyOf
	for range 1 + w.IntN(3) {
		families = append(families, w.family(name, kind <= 1 || kind >= 4 && kind <= 5))
	}
	var err error
	stream, announced := false, true
	with := func(c metric.Collector) error { return r.RegisterWith(c, metric.WithName(name)) }
	switch kind {
	case 0: // An instrument.
		families = families[:1]
		families[0].labels, families[0].ids = families[0].labels[:1], families[0].ids[:1]
		err = with(nativeOf(&families[0], false))
	case 1: // A vector.
		families = families[:1]
		err = with(nativeOf(&families[0], true))
	case 2, 3: // A plain collector, or one with a context.
		announced = w.IntN(2) == 0
		c := &sourceCollector{families: families, announces: announced}
		if kind == 2 {
			err = with(plainSource{c})
		} else {
			err = with(contextSource{c})
		}
	case 4, 5:
		stream = true
		// The registry does not remember the series of a stream, so the collector must not repeat any.
		families = slices.CompactFunc(families, func(a, b familyOf) bool { return a.name == b.name })
		if len(families) == 3 && families[0].name == families[2].name {
			families = families[:2]
		}
		err = with(streamSource{&sourceCollector{families: families, announces: true}})
	case 6:
		announced = false
		prefix, extra = "", nil // The gatherer is not in a registry, so no registry adds anything.
		err = w.all.Register(name, w.gatherer(families))
	default:
		if depth > 1 {
			return
		}
		nested := metric.NewContextRegistry()
		wrapping := w.IntN(3)
		var c metric.Collector = nested
		switch wrapping {
		case 0:
			c, prefix = metric.WrapCollectorWithPrefix("p_", nested), "p_"+prefix
		case 1:
			label := "shard" + strconv.Itoa(depth)
			extra = maps.Clone(extra)
			if extra == nil {
				extra = map[string]string{}
			}
			extra[label] = name
			c = metric.WrapCollectorWith(metric.Labels{label: name}, nested)
		}
		for n := range 1 + w.IntN(3) {
			w.addSource(t, nested, fmt.Sprint(name, "n", n), prefix, extra, depth+1)
		}
		if err = with(c); err != nil { // Gatherers cannot be unregistered.
			w.items = slices.DeleteFunc(w.items, func(i *item) bool { return strings.HasPrefix(i.source, name+"n") && !i.gathered })
			w.skipped = append(w.skipped, err)
		}
		return
	}
	if err != nil {
		w.skipped = append(w.skipped, err)
		return
	}
	for _, f := range families {
		for n, id := range f.ids {
			labels := maps.Clone(f.labels[n])
			maps.Copy(labels, extra)
			w.items = append(w.items, &item{name, prefix + f.name, f.typ, labels, id, stream, kind == 6, announced})
		}
	}
}

func (w *world) gatherer(families []familyOf) (g sourceGatherer) {
	for i := range families {
		var whole *metric.MetricFamily
		for _, m := range (&sourceCollector{families: families[i : i+1]}).metrics() {
			r := prometheus.NewRegistry() // A registry would leave out duplicates.
			r.MustRegister(plainSource{&sourceCollector{one: m}})
			all, _ := r.Gather()
			if whole == nil {
				whole = all[0]
			} else {
				whole.Metric = append(whole.Metric, all[0].Metric...)
			}
		}
		g = append(g, whole)
	}
	return g
}

// check scrapes once.
func (w *world) check(t *testing.T, v view) {
	t.Helper()
	var log []string
	h := metric.HandlerFor(w.all, metric.HandlerOpts{
		AcceptedFormats: []expfmt.Format{v.format}, EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: v.created,
		ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) { log = append(log, err.Error()) },
	})
	request := httptest.NewRequest("GET", "/metrics", nil)
	request.Header.Set("Accept", string(v.format)+"; escaping="+v.escaping.String())
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	if response.Code != 200 && len(w.items) > 0 && len(log) == 0 {
		t.Errorf("status %d", response.Code)
	}
	got := &reader{families: make(map[string]bool), samples: make(map[string]sample)}
	if response.Code == 200 {
		if err := got.read(response.Body.Bytes(), v); err != nil {
			t.Errorf("%v in\n%s", err, response.Body)
			return
		}
	}
	for _, err := range got.errs {
		t.Error(err)
	}
	values := make(map[string]bool)
	for _, s := range got.samples {
		values[fmt.Sprint(s.name, s.value)] = true
	}
	report := strings.Join(log, "\n")
	for _, i := range w.items {
		if values[fmt.Sprint(i.valueName(v), i.id)] {
			continue
		}
		if _, merged := i.key(v); !merged && !slices.ContainsFunc(w.items, func(other *item) bool { return i.mayLose(other, v) }) {
			t.Errorf("lost: %+v", *i)
		}
		if !strings.Contains(report, i.source) || !strings.Contains(report, i.family) {
			t.Errorf("not reported: %+v", *i)
		}
	}
	if t.Failed() {
		t.Logf("the exposition:\n%s\nthe log:\n%s", response.Body, report)
	}
}
