package bench_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// The names of the peers in the names of benchmarks.
const (
	ours     = "metric"
	golang   = "client_golang"
	victoria = "VictoriaMetrics"
	otel     = "OpenTelemetry"

	// These are variants of victoria: victoriaReady has series names that are built beforehand,
	// victoriaRanges has histograms of vmrange buckets, and victoriaIdentity does not compress.
	victoriaReady    = "VictoriaMetrics-ready"
	victoriaRanges   = "VictoriaMetrics-vmrange"
	victoriaIdentity = "VictoriaMetrics-identity"
)

// entrant is one peer's way of doing some work.
type entrant struct {
	peer string
	// setup prepares the work and returns a function that does it n times. Several
	// goroutines may call the function, each with its own number.
	setup func() func(n, goroutine int)
}

// hot measures work that takes nanoseconds: on one goroutine, on as many goroutines as there are cores, and
// on more. The reported time is the elapsed time divided by the work of all goroutines together.
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

// goroutineCounts returns the numbers of goroutines to measure with: the powers of two up to
// eight times the number of cores, and the number of cores.
func goroutineCounts() []int {
	cores := runtime.GOMAXPROCS(0)
	counts := []int{cores}
	for n := 1; n <= 8*cores; n *= 2 {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	return slices.Compact(counts)
}

// together has several goroutines share b.N iterations of the work.
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

// perSeries reports the time of an operation divided by the number of its series.
func perSeries(b *testing.B, series int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(series), "ns/series")
}
