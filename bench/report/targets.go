package main

import (
	"fmt"
	"runtime"
)

// target is a row of the table.
type target struct {
	work    string
	measure measure
	// against are the measures to compare with; the lowest one counts. Without any, limit is an
	// absolute value.
	against []measure
	limit   float64 // of the ratio, or of the measure itself
}

// cores is the number of goroutines for "all cores".
var cores = runtime.GOMAXPROCS(0)

// targets returns the rows in the order in which they are printed.
func targets() []target {
	var all []target
	add := func(work, benchmark, unit string, limit float64, peers ...string) {
		t := target{work: work, measure: measure{benchmark, ours, unit}, limit: limit}
		for _, peer := range peers {
			t.against = append(t.against, measure{benchmark, peer, unit})
		}
		all = append(all, t)
	}
	compare := func(work, benchmark, than, unit string, limit float64) {
		all = append(all, target{work, measure{benchmark, ours, unit}, []measure{{than, ours, unit}}, limit})
	}

	one, every := "goroutines=1", fmt.Sprintf("goroutines=%d", cores)
	for _, w := range []struct{ work, benchmark string }{
		{"Counter.Inc", "CounterInc"}, {"Gauge.Set", "GaugeSet"}, {"Gauge.Inc", "GaugeInc"},
	} {
		add(w.work+", one goroutine", w.benchmark+"/"+one, nanoseconds, 1.1, golang)
	}
	for _, w := range []struct{ work, benchmark string }{{"Counter.Inc", "CounterInc"}, {"Counter.Add(1.5)", "CounterAdd"}} {
		add(w.work+", all cores", w.benchmark+"/"+every, nanoseconds, 0.35, golang, victoria, otel)
		compare(w.work+", all cores against one", w.benchmark+"/"+every, w.benchmark+"/"+one, nanoseconds, 1)
	}
	add("Histogram.Observe, 11 buckets, one goroutine", "HistogramObserve/"+one, nanoseconds, 0.75, golang, victoria, otel)
	add("Histogram.Observe, 11 buckets, all cores", "HistogramObserve/"+every, nanoseconds, 0.35, golang, victoria, otel)
	add("native Histogram.Observe, one goroutine", "NativeObserve/"+one, nanoseconds, 0.7, golang)
	add("native Histogram.Observe, all cores", "NativeObserve/"+every, nanoseconds, 0.3, golang)

	few, many := lookup(10), lookup(100_000)
	add("WithLabelValues (2) and Inc, one goroutine", few+one, nanoseconds, 0.4, golang)
	add("WithLabelValues (2) and Inc, all cores", few+every, nanoseconds, 0.2, golang)
	add("WithLabelValues (2) and Inc, allocations", few+one, allocations, 0)
	compare("WithLabelValues (2), 100,000 children against 10", many+one, few+one, nanoseconds, 1.2)

	add("HTTP server middleware against a chain of five, one goroutine", "Middleware/body=no/"+one, nanoseconds, 0.5, golang)
	add("HTTP server middleware against a chain of five, all cores", "Middleware/body=no/"+every, nanoseconds, 0.5, golang)
	for _, labels := range []string{"labels=2/of=strings", "labels=2/of=mixed", "labels=4/of=strings", "labels=4/of=mixed"} {
		for _, at := range []struct{ work, goroutines string }{{"one goroutine", one}, {"all cores", every}} {
			benchmark := "Typed/" + labels + "/" + at.goroutines
			all = append(all, target{"With(struct) and Inc, " + labels + ", " + at.work + ", against WithLabelValues",
				measure{benchmark, typed, nanoseconds}, []measure{{benchmark, ours, nanoseconds}}, 0.9})
		}
		all = append(all, target{"With(struct) and Inc, " + labels + ", allocations", measure{"Typed/" + labels + "/" + one, typed, allocations}, nil, 0})
	}
	for _, goroutines := range []struct{ name, part string }{{"one goroutine", one}, {"all cores", every}} {
		limit := "Limit/used=10000/lookup="
		compare("WithLabelValues (2) and Inc in a vector at its limit of 10,000, overflow against a hit, "+goroutines.name,
			limit+"overflow/"+goroutines.part, limit+"uncapped/"+goroutines.part, nanoseconds, 1.2)
	}
	compare("heap after 10,000,000 increments with a limit of 10,000, 1,000,000 label sets against 10,000", "LimitHeap/sets=1000000",
		"LimitHeap/sets=10000", bytesPerSeries, 1.1)
	for _, kind := range []string{"counter", "gauge", "histogram"} {
		benchmark := "Expiry/kind=" + kind + "/expiry="
		compare("update of a "+kind+" that can expire, against one that cannot", benchmark+"on/"+one, benchmark+"off/"+one, nanoseconds, 1.05)
	}

	for _, w := range []struct{ work, benchmark string }{{"Add", "OtelAdd/"}, {"Record", "OtelRecord/"}} {
		for _, at := range []struct {
			work, goroutines string
			ready            float64
		}{{"one goroutine", one, 0.35}, {"all cores", every, 0.2}} {
			add("OpenTelemetry's API: "+w.work+" with a ready set, "+at.work, w.benchmark+otelReady+at.goroutines, nanoseconds, at.ready, otel)
			add("OpenTelemetry's API: "+w.work+" with 3 attributes, "+at.work, w.benchmark+otelMade+at.goroutines, nanoseconds, 0.6, otel)
		}
		add("OpenTelemetry's API: "+w.work+" with a ready set, allocations", w.benchmark+otelReady+one, allocations, 0)
	}
	add("OpenTelemetry's API: scrape of 100,000 counters, text", "OtelScrape/kind=counters/series=100000/format=text", nanosecondsPerSeries, 1./50, otel)
	add("OpenTelemetry's API: heap for a counter with 3 attributes", "OtelHeap/kind=counters", bytesPerSeries, 0.3, otel)

	text := scrape("counters", 100_000, "text", "identity")
	add("scrape of 100,000 counters, text", text, nanosecondsPerSeries, 1./100, golang)
	add("scrape of 100,000 counters, text", text, nanosecondsPerSeries, 1./8, victoria)
	add("scrape of 100,000 counters, OpenMetrics", scrape("counters", 100_000, "openmetrics", "identity"), nanosecondsPerSeries, 1./100, golang)
	compare("scrape of 100,000 counters, allocations against 1,000", text, scrape("counters", 1000, "text", "identity"), allocations, 1.1)
	add("scrape of 100,000 counters, protobuf", scrape("counters", 100_000, "protobuf", "identity"), nanosecondsPerSeries, 1./60, golang)
	add("scrape of 100,000 counters, text and gzip", scrape("counters", 100_000, "text", "gzip"), nanosecondsPerSeries, 1./30, golang)
	add("scrape of 100,000 counters, text and zstd", scrape("counters", 100_000, "text", "zstd"), nanosecondsPerSeries, 1./30, golang)
	add("scrape of 100,000 gauges with full floats, text", scrape("gauges", 100_000, "text", "identity"), nanosecondsPerSeries, 1./40, golang)
	histograms := scrape("histograms", 10_000, "text", "identity")
	add("scrape of 10,000 histograms with 11 buckets, text", histograms, nanosecondsPerSeries, 1./60, golang)
	add("scrape of 10,000 histograms with 11 buckets, text", histograms, nanosecondsPerSeries, 1./5, victoria)

	for _, kind := range []string{"counters", "histograms"} {
		benchmark := fmt.Sprintf("Gather/kind=%s/series=10000", kind)
		add("Gather() of 10,000 "+kind, benchmark, nanosecondsPerSeries, 0.5, golang)
		add("Gather() of 10,000 "+kind+", allocations", benchmark, allocations, 0.5, golang)
	}
	for _, w := range []struct{ work, size string }{
		{"1 foreign collector with 1,000 const metrics", "collectors=1/each=1000"},
		{"100 foreign collectors with 10 const metrics", "collectors=100/each=10"},
	} {
		for _, into := range []struct{ name, value string }{{"text", "text"}, {"Gather()", "gather"}} {
			benchmark := fmt.Sprintf("Foreign/%s/into=%s", w.size, into.value)
			add(w.work+", "+into.name, benchmark, nanoseconds, 1, golang)
			add(w.work+", "+into.name+", allocations", benchmark, allocations, 1, golang)
		}
	}
	for _, format := range []string{"text", "protobuf"} {
		benchmark := fmt.Sprintf("Remote/kind=counters/series=100000/format=%s", format)
		add("gather 100,000 remote counters and serve them again, "+format, benchmark, nanosecondsPerSeries, 1./5, expfmt)
	}
	compare("gather 100,000 remote counters and serve them again, allocations against 1,000",
		"Remote/kind=counters/series=100000/format=text", "Remote/kind=counters/series=1000/format=text", allocations, 1.1)
	add("scrape of 100,000 counters through three relabel rules, against the rules alone", "Relabel/series=100000", nanosecondsPerSeries, 1./10, prometheus)
	compare("scrape of 1,000,000 counters through a prefix and a label, text", "Wrapped/through=prefix+label", "Wrapped/through=nothing",
		nanosecondsPerSeries, 1.3)
	for _, protocol := range []string{"1.0", "2.0"} {
		benchmark := push(100_000, protocol)
		add("push of 100,000 counters, remote write "+protocol, "Push/"+benchmark, nanosecondsPerSeries, 1./10, golang)
		add("push of 100,000 counters over loopback, remote write "+protocol, "PushLoopback/"+benchmark, nanosecondsPerSeries, 1, victoria)
		compare("push of 100,000 counters, remote write "+protocol+", allocations for a request against 1,000", "Push/"+benchmark,
			"Push/"+push(1000, protocol), allocationsPerRequest, 1.1)
	}
	const heap = "PushHeap/queue=disk/"
	compare("peak heap of a push of 400,000 counters against 100,000, with the queue on disk", heap+push(400_000, "2.0"),
		heap+push(100_000, "2.0"), peakBytes, 1.1)
	add("heap for a counter with 3 labels", "Heap/kind=counters", bytesPerSeries, 200)
	add("heap for a histogram with 11 buckets", "Heap/kind=histograms", bytesPerSeries, 420)
	add("create a counter", "Create/kind=counters", nanosecondsPerSeries, 0.6, golang)
	add("create a histogram", "Create/kind=histograms", nanosecondsPerSeries, 0.6, golang)
	compare("scrape of 1,000,000 counters against 10,000, text", scrape("counters", 1_000_000, "text", "identity"),
		scrape("counters", 10_000, "text", "identity"), nanosecondsPerSeries, 1.5)
	return all
}

// The benchmarks of measurements through OpenTelemetry's API: with a set that is made once, and with
// attributes that are made each time.
const (
	otelReady = "attributes=ready/series=10/span=no/"
	otelMade  = "attributes=made/series=10/span=no/"
)

// lookup returns the name of the benchmark that looks up 10 of the given number of children in turn.
func lookup(children int) string {
	return fmt.Sprintf("Lookup/labels=2/children=%d/used=10/", children)
}

// push returns the name of the benchmark that pushes the given number of counters.
func push(series int, protocol string) string {
	return fmt.Sprintf("kind=counters/series=%d/protocol=%s", series, protocol)
}

func scrape(kind string, series int, format, compression string) string {
	return fmt.Sprintf("Scrape/kind=%s/series=%d/format=%s/compression=%s", kind, series, format, compression)
}

// benchmarkRun is a set of benchmarks that are run together.
type benchmarkRun struct {
	pattern string // for go test -bench
	time    string // for go test -benchtime
	repeats int    // runs per round; short benchmarks need more because of noise
}

// targetRuns are the benchmarks behind the targets.
func targetRuns() []benchmarkRun {
	peers := "/^peer=(metric|client_golang|VictoriaMetrics|OpenTelemetry)$"
	hot := fmt.Sprintf("/^goroutines=(1|%d)$", cores) + peers
	return []benchmarkRun{
		{"^Benchmark(CounterInc|CounterAdd|GaugeSet|GaugeInc|HistogramObserve|NativeObserve)$" + hot, "60ms", 3},
		{fmt.Sprintf("^BenchmarkLookup$/^labels=2$/^children=(10|100000)$/^used=10$/^goroutines=(1|%d)$/^peer=(metric|client_golang)$", cores), "60ms", 3},
		{fmt.Sprintf("^BenchmarkMiddleware$/^body=no$/^goroutines=(1|%d)$/^peer=(metric|client_golang)$", cores), "60ms", 3},
		{"^BenchmarkLimitHeap$", "1x", 1},
		{"^BenchmarkExpiry$/././^goroutines=1$", "60ms", 3},
		{fmt.Sprintf("^BenchmarkTyped$/././^goroutines=(1|%d)$/^peer=(metric|metric-typed)$", cores), "60ms", 3},
		{fmt.Sprintf("^BenchmarkLimit$/^used=10000$/^lookup=(uncapped|overflow)$/^goroutines=(1|%d)$", cores), "60ms", 3},
		{fmt.Sprintf("^BenchmarkOtel(Add|Record)$/^attributes=(ready|made)$/^series=10$/^span=no$/^goroutines=(1|%d)$", cores), "60ms", 3},
		{"^BenchmarkOtelScrape$/^kind=counters$/./^format=text$", "100ms", 1},
		{"^BenchmarkOtelHeap$/^kind=counters$", "1x", 1},
		{"^BenchmarkScrape$/^kind=counters$/^series=(1000|10000|100000)$" + scraped, "100ms", 1},
		{"^BenchmarkScrape$/^kind=counters$/^series=1000000$/././^peer=metric$", "3x", 1},
		{"^BenchmarkScrape$/^kind=gauges$/^series=100000$/^format=text$/^compression=identity$" + scrapedPeers, "100ms", 1},
		{"^BenchmarkScrape$/^kind=histograms$/^series=10000$/^format=text$/^compression=identity$" + scrapedPeers, "100ms", 1},
		{"^BenchmarkGather$/./^series=10000$/^peer=(metric|client_golang)$", "100ms", 1},
		{"^BenchmarkForeign$", "100ms", 1},
		{"^BenchmarkRemote$/^kind=counters$/./^format=(text|protobuf)$", "100ms", 1},
		{"^BenchmarkRelabel$", "100ms", 1},
		{"^BenchmarkWrapped$", "100ms", 2},
		{"^BenchmarkPush$/^kind=counters$", "100ms", 1},
		{"^BenchmarkPushLoopback$/^kind=counters$/././^peer=(metric|VictoriaMetrics)$", "100ms", 1},
		{"^BenchmarkPushHeap$/^queue=disk$/././^protocol=2.0$", "1x", 1},
		{"^BenchmarkHeap$/./^peer=(metric|client_golang|VictoriaMetrics)$", "1x", 1},
		{"^BenchmarkCreate$/./^peer=(metric|client_golang|VictoriaMetrics)$", "50ms", 1},
	}
}

const (
	scrapedPeers = "/^peer=(metric|client_golang|VictoriaMetrics)$"
	scraped      = "/^format=(text|openmetrics|protobuf)$/^compression=(identity|gzip|zstd)$" + scrapedPeers
)

// curveRuns are the benchmarks behind the plots.
func curveRuns() []benchmarkRun {
	return []benchmarkRun{
		{"^Benchmark(CounterInc|HistogramObserve|NativeObserve)$", "60ms", 3},
		{"^BenchmarkLookup$/^labels=2$/^children=10$/^used=10$", "60ms", 3},
		{"^BenchmarkScrape$/^kind=counters$/./^format=text$/^compression=identity$", "100ms", 1},
	}
}
