package bench_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// The peers, as the benchmarks' names call them.
const (
	ours     = "metric"
	golang   = "client_golang"
	victoria = "VictoriaMetrics"
	otel     = "OpenTelemetry"

	// victoriaReady is victoria with series names that are ready strings, victoriaRanges
	// with its histograms of vmrange buckets, victoriaIdentity without compression.
	victoriaReady    = "VictoriaMetrics-ready"
	victoriaRanges   = "VictoriaMetrics-vmrange"
	victoriaIdentity = "VictoriaMetrics-identity"
)

// entrant is one peer's way of doing some work.
type entrant struct {
	peer string
	// setup prepares and returns what does the work n times. Several goroutines may
	// call that, each with a number of its own.
	setup func() func(n, goroutine int)
}

// hot measures something that takes nanoseconds, on one goroutine, on as many as there
// are cores, and on more. The time is that of the whole divided by what all
// goroutines have done together.
func hot(b *testing.B, entrants ...entrant) {
	b.Helper()
	for _, goroutines := range goroutineCounts() {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			for _, e := range entrants {
				var work func(n, goroutine int)
				b.Run("peer="+e.peer, func(b *testing.B) {
					if work == nil {
						work = e.setup()
						runtime.GC() // Do not pay for the garbage of earlier benchmarks.
					}
					b.ReportAllocs()
					together(b, goroutines, work)
				})
			}
		})
	}
}

// goroutineCounts returns the powers of two up to eight times the number of cores, and
// the number of cores.
func goroutineCounts() []int {
	cores := runtime.GOMAXPROCS(0)
	counts := []int{cores}
	for n := 1; n <= 8*cores; n *= 2 {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	return slices.Compact(counts)
}

// together lets several goroutines do b.N of the work.
func together(b *testing.B, goroutines int, work func(n, goroutine int)) {
	b.Helper()
	if goroutines == 1 {
		b.ResetTimer()
		work(b.N, 0)
		return
	}
	var (
		wg    sync.WaitGroup
		start = make(chan struct{})
	)
	for g := range goroutines {
		n := b.N / goroutines
		if g < b.N%goroutines {
			n++
		}
		wg.Go(func() {
			<-start
			work(n, g)
		})
	}
	b.ResetTimer()
	close(start)
	wg.Wait()
}

// perSeries reports the time of an operation divided by how many series it is about.
func perSeries(b *testing.B, series int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(series), "ns/series")
}
