package metric_test

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// written returns the output of the Write method of m, a Metric. Labels of exemplars are sorted.
func written(t *testing.T, m any) *dto.Metric {
	t.Helper()
	out := &dto.Metric{}
	if err := m.(prometheus.Metric).Write(out); err != nil {
		t.Fatalf("Write: %v", err)
	}
	sortExemplar(out.GetCounter().GetExemplar())
	for _, b := range out.GetHistogram().GetBucket() {
		sortExemplar(b.GetExemplar())
	}
	for _, e := range out.GetHistogram().GetExemplars() {
		sortExemplar(e)
	}
	return out
}

func sortExemplar(e *dto.Exemplar) {
	if e != nil {
		slices.SortFunc(e.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	}
}

// sameMetric compares the output of a metric of this package with the output of client_golang's
// metric, including timestamps. Both must be made and used in one synctest bubble.
func sameMetric(t *testing.T, ours, theirs any) {
	t.Helper()
	got, want := written(t, ours), written(t, theirs)
	if !proto.Equal(got, want) {
		t.Fatalf("got:\n%swant, as client_golang has it:\n%s", prototext.Format(got), prototext.Format(want))
	}
}

// recovered returns the value with which f panics, or nil if f returns.
func recovered(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// samePanic checks that both functions panic with errors, and that our text contains theirs.
func samePanic(t *testing.T, ours, theirs func()) {
	t.Helper()
	got, want := recovered(ours), recovered(theirs)
	if want == nil {
		t.Fatal("client_golang does not panic")
	}
	if _, ok := got.(error); !ok || !strings.Contains(fmt.Sprint(got), fmt.Sprint(want)) {
		t.Errorf("got the panic %v (%T), want %v (%T)", got, got, want, want)
	}
}

// sameError checks that the errors have the same text, or are both nil.
func sameError(t *testing.T, ours, theirs error) {
	t.Helper()
	if fmt.Sprint(ours) != fmt.Sprint(theirs) {
		t.Errorf("got error:\n%v\nwant:\n%v", ours, theirs)
	}
}

// saysAtLeast checks that our error contains the text of theirs, or that both are nil.
func saysAtLeast(t *testing.T, ours, theirs error) {
	t.Helper()
	if (ours == nil) != (theirs == nil) || !strings.Contains(fmt.Sprint(ours), fmt.Sprint(theirs)) {
		t.Errorf("got error:\n%v\nwant at least:\n%v", ours, theirs)
	}
}

// collected returns the metrics that c collects, in the order in which c sends them.
func collected(t *testing.T, c prometheus.Collector) []*dto.Metric {
	t.Helper()
	ch := make(chan prometheus.Metric)
	go func() {
		defer close(ch)
		c.Collect(ch)
	}()
	var all []*dto.Metric
	for m := range ch {
		all = append(all, written(t, m))
	}
	return all
}

// described returns the only descriptor of c.
func described(c prometheus.Collector) *prometheus.Desc {
	ch := make(chan *prometheus.Desc, 1)
	c.Describe(ch)
	return <-ch
}

// wantAllocs checks the average number of allocations of f.
func wantAllocs(t *testing.T, want float64, f func()) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	if got := testing.AllocsPerRun(200, f); got != want {
		t.Errorf("got %v allocations, want %v", got, want)
	}
}

// goroutines returns the number of goroutines: in a synctest bubble, the goroutines of the bubble,
// and otherwise all. runtime.NumGoroutine adds up numbers that change meanwhile, so on a busy
// machine it may be wrong by dozens.
func goroutines() int {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	own, _, _ := bytes.Cut(buf, []byte(":\n")) // The caller's comes first.
	bubble := bubbleOf.Find(own)
	n := 0
	for _, header := range goroutineHeader.FindAll(buf, -1) {
		if bubble == nil || bytes.Equal(bubbleOf.Find(header), bubble) {
			n++
		}
	}
	return n
}

var (
	goroutineHeader = regexp.MustCompile(`(?m)^goroutine \d+ .*\[.*\]:$`)
	bubbleOf        = regexp.MustCompile(`synctest bubble \d+`)
)

// panicMessage returns the text of the error with which f must panic.
func panicMessage(t *testing.T, f func()) string {
	t.Helper()
	err, ok := recovered(f).(error)
	if !ok {
		t.Fatal("no panic with an error")
	}
	return err.Error()
}

// heapInUse returns the size of the heap in use.
func heapInUse() uint64 {
	var memory runtime.MemStats
	for range 3 { // Pools release their content at the second collection.
		runtime.GC()
	}
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}
