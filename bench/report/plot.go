package main

import (
	"cmp"
	"errors"
	"image/color"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// curves is a plot of how each peer's figure grows with a number in the benchmark's name.
type curves struct {
	file, title, x, y string

	name  string // name of the benchmarks, with * in place of the x value
	unit  string
	scale float64 // divisor of the figures
	peers []string
}

var everyone = []string{ours, golang, victoria, otel}

// plots returns the plots of the page.
func plots() []curves {
	overGoroutines := func(file, title, name string, peers ...string) curves {
		return curves{
			file: file, title: title, x: "goroutines", y: "ns", name: name + "goroutines=*",
			unit: nanoseconds, scale: 1, peers: peers,
		}
	}
	overSeries := func(file, title, y, unit string, scale float64) curves {
		return curves{
			file: file, title: title, x: "series", y: y, name: "Scrape/kind=counters/series=*/format=text/compression=identity",
			unit: unit, scale: scale, peers: everyone,
		}
	}
	return []curves{
		overSeries("scrape-time.svg", "Time of a scrape of counters as text", "ms", nanoseconds, 1e6),
		overSeries("scrape-memory.svg", "Memory that a scrape of counters as text allocates", "KiB", allocated, 1<<10),
		overGoroutines("counter-inc.svg", "Counter.Inc: time for each, all goroutines together", "CounterInc/", everyone...),
		overGoroutines("histogram-observe.svg", "Histogram.Observe, 11 buckets", "HistogramObserve/", everyone...),
		overGoroutines("native-observe.svg", "Histogram.Observe, native", "NativeObserve/", ours, golang),
		overGoroutines("lookup.svg", "WithLabelValues (2) and Inc", lookup(10), everyone...),
	}
}

var colors = map[string]color.Color{
	ours:     color.RGBA{R: 0xd6, G: 0x27, B: 0x28, A: 0xff},
	golang:   color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff},
	victoria: color.RGBA{R: 0x2c, G: 0xa0, B: 0x2c, A: 0xff},
	otel:     color.RGBA{R: 0x94, G: 0x67, B: 0xbd, A: 0xff},
}

// draw writes the plot to a file in a folder.
func (c *curves) draw(folder string, s samples) error {
	p := plot.New()
	p.Title.Text, p.Title.Padding = c.title, vg.Points(4)
	p.X.Label.Text, p.Y.Label.Text = c.x, c.y
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left, p.Legend.Padding = true, true, vg.Points(2)
	p.Add(plotter.NewGrid())
	ticks := make(map[float64]bool)
	for _, peer := range c.peers {
		points := c.points(s, peer)
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, line.Width = colors[peer], vg.Points(1.5)
		dots.Color, dots.Shape = colors[peer], draw.CircleGlyph{}
		p.Add(line, dots)
		p.Legend.Add(peer, line, dots)
		for _, point := range points {
			ticks[point.X] = true
		}
	}
	if len(ticks) == 0 {
		return errors.New("there is nothing to draw")
	}
	p.X.Tick.Marker = ticksAt(ticks)
	p.X.Max *= 1.4 // room for the last tick's label
	p.Y.Max *= 8   // room for the legend
	return p.Save(16*vg.Centimeter, 10*vg.Centimeter, filepath.Join(folder, c.file))
}

// ticksAt places ticks at the measured values.
func ticksAt(values map[float64]bool) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, x := range slices.Sorted(maps.Keys(values)) {
		label := strconv.FormatFloat(x, 'f', -1, 64)
		label, millions := strings.CutSuffix(label, "000000")
		label, thousands := strings.CutSuffix(label, "000")
		switch {
		case millions:
			label += " M"
		case thousands:
			label += " k"
		}
		ticks = append(ticks, plot.Tick{Value: x, Label: label})
	}
	return ticks
}

// points returns the medians for one peer by ascending x.
func (c *curves) points(s samples, peer string) plotter.XYs {
	before, after, _ := strings.Cut(c.name, "*")
	var points plotter.XYs
	for m, values := range s {
		rest, ok := strings.CutPrefix(m.benchmark, before)
		if !ok || m.peer != peer || m.unit != c.unit {
			continue
		}
		number, ok := strings.CutSuffix(rest, after)
		if x, err := strconv.Atoi(number); ok && err == nil {
			points = append(points, plotter.XY{X: float64(x), Y: median(values) / c.scale})
		}
	}
	slices.SortFunc(points, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
	return points
}
