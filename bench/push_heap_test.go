package bench_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/luxfi/metric/push/remotewrite"
)

// BenchmarkPushHeap measures how much memory pushing takes besides the series: between pushes, and at most while
// a request is sent. A queue in memory also holds the requests that are made while another one is on its way.
func BenchmarkPushHeap(b *testing.B) {
	for _, queue := range []string{"memory", "disk"} {
		for _, n := range []int{100_000, 400_000} {
			for _, protocol := range protocols {
				b.Run("queue="+queue+"/"+pushName(counters, n, protocol)+"/peer="+ours, func(b *testing.B) {
					for b.Loop() {
						dir := ""
						if queue == "disk" {
							dir = b.TempDir()
						}
						kept, peak := pushHeap(b, n, dir, protocol)
						b.ReportMetric(float64(kept)/float64(n), "B/series")
						b.ReportMetric(float64(peak), "peak-B")
					}
				})
			}
		}
	}
}

// pushHeap returns how many bytes of memory a Pusher keeps, and how many more its third push takes.
func pushHeap(b *testing.B, n int, queueDir string, protocol remotewrite.Protocol) (kept, peak int64) {
	b.Helper()
	g := pushed(counters, n)
	before, highest := heap(), uint64(0)
	r := &receiver{}
	p := must(remotewrite.New("http://localhost/api/v1/write", g, remotewrite.Opts{
		Target: remotewrite.Target{Client: &http.Client{Transport: r}, Protocol: protocol}, QueueDir: queueDir,
		Timeout: time.Minute, // heap is slow
	}))
	pusher(p.Push).twice(b)
	after := heap()
	r.accept = func(*http.Request, []byte) { highest = max(highest, heap()) }
	if err := p.Push(b.Context()); err != nil {
		b.Fatal(err)
	}
	r.accept = nil
	if err := p.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	return int64(after) - int64(before), int64(highest) - int64(after)
}
