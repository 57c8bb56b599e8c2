package expvar

import (
	"context"
	"expvar"
	"fmt"
	"runtime/debug"

	"github.com/luxfi/metric"
)

// Collector exposes variables of package expvar as metrics. It is safe for concurrent use. [NewCollector]
// makes one.
type Collector struct {
	config *config
	calls  calls
}

var _ metric.CollectorWithContext = (*Collector)(nil)

// NewCollector returns a collector of all variables that are published at the time of a scrape. Because
// programs can publish variables at any time, the collector describes no metrics: registries treat it as
// an unchecked collector.
func NewCollector(opts ...Option) *Collector { return &Collector{config: newConfig(opts)} }

// Describe sends nothing.
func (c *Collector) Describe(chan<- *metric.Desc) {}

// Collect calls CollectWithContext with a background context.
func (c *Collector) Collect(ch chan<- metric.Metric) { c.CollectWithContext(context.Background(), ch) }

// CollectWithContext sends a metric for each published number, and an invalid metric for each variable or
// function that fails.
func (c *Collector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	var pending []waiting
	collection := &collection{config: c.config, ch: ch, families: make(map[string]*family)}
	for _, v := range published(c.config.selected) {
		out := collection.variable(v.Key)
		out.read(nil, v.Value, func(keys []string, code expvar.Var) {
			call, err := c.calls.start(out.name, keys, code)
			if err != nil {
				out.fail(keys, err)
				return
			}
			pending = append(pending, waiting{out, keys, call})
		})
	}
	limit, cancel := context.WithTimeout(ctx, c.config.funcTimeout)
	defer cancel()
	for _, w := range pending {
		tree, err := c.calls.wait(limit, w.call)
		if err != nil {
			w.out.fail(w.keys, err)
			continue
		}
		w.out.value(place{labels: w.keys}, tree, len(w.keys))
	}
	collection.finish()
}

// waiting is a call whose result a scrape awaits.
type waiting struct {
	out  *variable
	keys []string
	call *call
}

// published returns the selected variables. It holds no lock while it calls selected.
func published(selected func(string) bool) (list []expvar.KeyValue) {
	var all []expvar.KeyValue
	expvar.Do(func(v expvar.KeyValue) { all = append(all, v) })
	for _, v := range all {
		if _, ours := v.Value.(*variableOfMetrics); !ours && v.Value != nil && selected(v.Key) {
			list = append(list, v)
		}
	}
	return list
}

// read exposes value, which is the variable v itself or an entry of it: keys leads there. If reading
// value would call code of the program, read passes it to later instead.
//
// If the program has published a nil pointer, read recovers from the panic and reports it as a failure of
// that value.
func (v *variable) read(keys []string, value expvar.Var, later func(keys []string, code expvar.Var)) {
	defer func() {
		if r := recover(); r != nil {
			v.fail(keys, &metric.PanicError{Value: r, Stack: debug.Stack()})
		}
	}()
	switch value := value.(type) {
	case *expvar.Int:
		v.value(place{labels: keys}, float64(value.Value()), len(keys))
	case *expvar.Float:
		v.value(place{labels: keys}, value.Value(), len(keys))
	case *expvar.String:
		v.value(place{labels: keys}, value.Value(), len(keys))
	case *expvar.Map:
		if len(keys) >= v.config.depth {
			v.deep++
			return
		}
		var all []expvar.KeyValue // Do holds a lock, so it must not send: that may take long.
		value.Do(func(kv expvar.KeyValue) { all = append(all, kv) })
		for _, kv := range all {
			v.read(append(keys[:len(keys):len(keys)], kv.Key), kv.Value, later)
		}
	default:
		later(keys, value)
	}
}

// fail reports that the variable, or its entry at keys, could not be read.
func (v *variable) fail(keys []string, err error) {
	key := ""
	if len(keys) > 0 {
		key = fmt.Sprintf(", key %q", keys)
	}
	v.report(fmt.Errorf("expvar variable %q%s: %w", v.name, key, err))
}
