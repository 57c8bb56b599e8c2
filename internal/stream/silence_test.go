package stream_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stream"
)

// healthySamples is a number of samples that do not all fit in memory.
const healthySamples = 14_000

// TestSilentStreamLosesItsTurn checks that a stream that is stuck in the middle of a family does not keep
// other streams from being complete, however much they send. Later, its samples of that family are refused,
// and its samples of other families are not.
func TestSilentStreamLosesItsTurn(t *testing.T) {
	for _, test := range []struct{ limit, least, most time.Duration }{
		{0, stream.MaxSilence, 2 * stream.MaxSilence},
		{200 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond},
	} {
		t.Run(test.limit.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := text()
				m.Silence = test.limit
				stuck, healthy := m.Open(), m.Open()
				var w bytes.Buffer
				drained := drainAll(t, m, &w)
				if err := (&producer{sink: stuck, family: gauge("stuck")}).send(100); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // The stream has its turn now.
				start := time.Now()
				if err := (&producer{sink: healthy, family: gauge("healthy")}).send(healthySamples); err != nil {
					t.Fatal(err)
				}
				healthy.Close()
				if took := time.Since(start); took < test.least || took > test.most {
					t.Errorf("the healthy one took %v", took)
				}
				err := stuck.Sample(gauge("stuck"), point(100))
				if err == nil || !strings.Contains(err.Error(), `silent for so long, while others waited, that family "stuck" could not be continued`) {
					t.Errorf("got %v", err)
				}
				if err := (&producer{sink: stuck, family: gauge("later")}).send(10); err != nil {
					t.Error(err)
				}
				if err := stuck.Sample(gauge("stuck"), point(100)); err == nil {
					t.Error("a family is continued behind another")
				}
				stuck.Close()
				if err := drained(); err != nil {
					t.Fatal(err)
				}
				whole(t, w.Bytes(), map[string]int{"stuck": 100, "healthy": healthySamples, "later": 10})
			})
		})
	}
}

// TestSilentStreamInProtobuf checks that a stream that has lost its turn can continue its family in
// protobuf, where a family is written only when it is complete.
func TestSilentStreamInProtobuf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := stream.NewMixer(encode.Options{Format: encode.Protobuf})
		stuck, healthy := m.Open(), m.Open()
		var w bytes.Buffer
		drained := drainAll(t, m, &w)
		for i := range 3 {
			if err := (&producer{sink: stuck, family: gauge(fmt.Sprint("stuck", i))}).send(100); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for i := range healthySamples / 100 {
			if err := (&producer{sink: healthy, family: gauge(fmt.Sprint("healthy", i))}).send(100); err != nil {
				t.Fatal(err)
			}
		}
		healthy.Close()
		for i := range 100 {
			if err := stuck.Sample(gauge("stuck2"), point(100+i)); err != nil {
				t.Fatal(err)
			}
		}
		stuck.Close()
		if err := drained(); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(w.Bytes(), []byte("padding")); n != 300+healthySamples+100 {
			t.Errorf("%d series", n)
		}
	})
}

// TestSlowStreamKeepsItsTurn checks that a stream keeps its turn as long as it sends something now and
// then.
func TestSlowStreamKeepsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		slow, healthy := m.Open(), m.Open()
		var w bytes.Buffer
		drained := drainAll(t, m, &w)
		if err := (&producer{sink: slow, family: gauge("slow")}).send(100); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		end := make(chan error, 1)
		go func() {
			defer healthy.Close()
			end <- (&producer{sink: healthy, family: gauge("healthy")}).send(healthySamples)
		}()
		for i := range 50 {
			time.Sleep(stream.MaxSilence - time.Millisecond)
			if err := slow.Sample(gauge("slow"), point(100+i)); err != nil {
				t.Fatal(err)
			}
		}
		slow.Close()
		if err := <-end; err != nil {
			t.Error(err)
		}
		if err := drained(); err != nil {
			t.Fatal(err)
		}
		whole(t, w.Bytes(), map[string]int{"slow": 150, "healthy": healthySamples})
	})
}

// TestClaims checks that a family is refused if it would be written under the name of another family of any
// stream.
func TestClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		a, b := m.Open(), m.Open()
		drained := drainAll(t, m, &bytes.Buffer{})
		histogram := gauge("h")
		if err := a.Sample(gauge("h_count"), point(0)); err != nil {
			t.Fatal(err)
		}
		histogram.Type = model.Histogram
		for _, out := range []*stream.Stream{a, b} {
			if err := out.Sample(histogram, point(0)); err == nil ||
				err.Error() != `family "h" was left out, since it would be written as "h_count", like the gauge "h_count"` {
				t.Errorf("got %v", err)
			}
		}
		if m.Claims().Check(gauge("h_count")) == nil || m.Claims().Check(gauge("h")) != nil {
			t.Error("what was refused has a name, or what was written has none")
		}
		a.Close()
		b.Close()
		if err := drained(); err != nil {
			t.Fatal(err)
		}
	})
}
