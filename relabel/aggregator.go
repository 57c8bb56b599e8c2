package relabel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/scrape"
)

// newAggregator returns a gatherer that applies an [Aggregate] step to the result of inner.
func newAggregator(inner prometheus.Gatherer, a *aggregation, n numbered) *gatherer {
	e, err := scrape.EntryOf(inner, collect.Wrapping{})
	if err != nil {
		panic(fmt.Errorf("cannot aggregate a nil Gatherer: %w", err))
	}
	all := gathererOf(e)
	return gathererOf(&scrape.Entry{
		Announced: &collect.Announced{}, Fallback: "aggregate",
		Binding: scrape.Binding{Kind: "gatherer", Run: func(ctx context.Context, _ engine.Running, to engine.Sink) error {
			g := aggregating{aggregation: a, step: n, to: to}
			err := all.core.WriteTo(ctx, &g)
			if err := g.flush(); err != nil {
				return err
			}
			return err
		}},
	})
}

// aggregating is a model.Sink that combines the series of each family.
type aggregating struct {
	*aggregation

	step numbered
	to   engine.Sink

	family  *model.Family
	combine Combination // combination of the family's values
	passing bool        // whether series of the family pass unchanged
	groups  map[string]*combined
	text    []byte

	reported []error // why series of the family could not be added
}

// Family implements model.Sink.
func (g *aggregating) Family(f *model.Family) error {
	if err := g.flush(); err != nil {
		return err
	}
	g.family, g.passing = f, !g.families.match(f.Name)
	g.combine = Sum
	if f.Type == model.Gauge || f.Type == model.Untyped {
		g.combine = g.gauges
	}
	if g.passing {
		return nil
	}
	if err := g.checkType(f.Type); err != nil {
		g.to.Note(g.step.err(fmt.Errorf("family %q is left as it is: %w", f.Name, err)))
		g.passing = true
	}
	return nil
}

// combinable are the types whose series can be combined. An info or a state set describes a single thing.
var combinable = []model.Type{model.Counter, model.Gauge, model.Untyped, model.Histogram, model.GaugeHistogram}

func (a *aggregation) checkType(t model.Type) error {
	if err := a.check(t); err != nil || slices.Contains(combinable, t) {
		return err
	}
	return fmt.Errorf("a family of type %v cannot be aggregated", t)
}

// Point implements model.Sink.
func (g *aggregating) Point(p *model.Point) error {
	if g.passing {
		return g.send(p)
	}
	var labels model.Labels
	g.text, labels = g.remaining(g.text[:0], p.Labels)
	if g.groups == nil {
		g.groups = make(map[string]*combined)
	}
	c := g.groups[labels.Text()]
	if c == nil {
		c = &combined{}
		c.point.Labels = labels.Keep()
		g.groups[c.point.Labels.Text()] = c
	}
	if err := c.add(p, g.combine); err != nil {
		g.report(c, err)
	}
	return nil
}

// report reports why a series could not be added, or only in part. It reports each reason once per family.
func (g *aggregating) report(c *combined, err error) {
	known := slices.Contains(g.reported, err)
	if !known {
		g.reported = append(g.reported, err)
		err = g.step.err(fmt.Errorf("%s: %w", series(g.family.Name, c.point.Labels), err))
	}
	switch {
	case isHarmless(err):
		if !known {
			g.to.Note(err)
		}
	case known:
		g.to.Drop(nil)
	default:
		g.to.Drop(err)
	}
}

// remaining renders the labels that are kept into buf.
func (a *aggregation) remaining(buf []byte, l model.Labels) ([]byte, model.Labels) {
	quoted := false
	for c := l.Cursor(); c.Next(); {
		if a.removes(c.Name) || c.RawValue == "" {
			continue
		}
		if len(buf) > 0 {
			buf = append(buf, ',')
		}
		buf = model.AppendLabelName(buf, c.Name)
		quoted = quoted || strings.HasSuffix(string(buf[len(buf)-1:]), `"`)
		buf = append(buf, '=', '"')
		buf = append(buf, c.RawValue...)
		buf = append(buf, '"')
	}
	return buf, model.VolatileLabels(buf, quoted)
}

// flush sends the combined series of the current family.
func (g *aggregating) flush() error {
	for _, c := range g.groups {
		if err := g.send(c.result(g.combine)); err != nil {
			return err
		}
	}
	clear(g.groups)
	g.reported = nil
	return nil
}

func (g *aggregating) send(p *model.Point) error {
	err := g.to.Sample(g.family, p)
	if err != nil && !errors.Is(err, engine.ErrAbandoned) {
		g.to.Drop(err)
		return nil
	}
	return err
}
