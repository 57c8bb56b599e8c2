package stream_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/stream"
)

// TestBackpressure checks that a collector waits for a slow client, however late the client starts to read.
func TestBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		out := m.Open()
		w := &slow{next: make(chan struct{})}
		drained := drainAll(t, m, w)
		time.Sleep(time.Minute)

		p := &producer{sink: out, family: gauge("f")}
		end := make(chan error, 1)
		go func() {
			defer out.Close()
			end <- p.send(1000)
		}()
		for n := range 10 {
			time.Sleep(time.Minute)
			synctest.Wait()
			// The client has one chunk, the queue two, and the encoder one.
			if held := p.bytes() - n*chunk; held > 5*chunk || held < 3*chunk {
				t.Fatalf("after %d chunks %d bytes are in memory", n, held)
			}
			w.next <- struct{}{}
		}
		close(w.next)
		if err := drained(); err != nil {
			t.Fatal(err)
		}
		if err := <-end; err != nil {
			t.Fatal(err)
		}
		whole(t, w.Bytes(), map[string]int{"f": 1000})
	})
}

// TestSlowStream checks that other streams do not wait for a stream that is stuck in the middle of a family.
func TestSlowStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		hanging, fast, late := m.Open(), m.Open(), m.Open()
		var w bytes.Buffer
		drained := drainAll(t, m, &w)

		first := &producer{sink: hanging, family: gauge("hanging")}
		if err := first.send(100); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // The stream has its turn now.
		start := time.Now()
		var others sync.WaitGroup
		for name, out := range map[string]*stream.Stream{"fast": fast, "late": late} {
			others.Go(func() {
				defer out.Close()
				if err := (&producer{sink: out, family: gauge(name)}).send(1000); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		others.Wait()
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		time.Sleep(time.Minute)
		hanging.Close()
		if err := drained(); err != nil {
			t.Fatal(err)
		}
		whole(t, w.Bytes(), map[string]int{"hanging": 100, "fast": 1000, "late": 1000})
	})
}

// TestTricklingStream checks a stream that never pauses for long but is slow.
func TestTricklingStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		trickling, fast := m.Open(), m.Open()
		var w bytes.Buffer
		drained := drainAll(t, m, &w)

		first := &producer{sink: trickling, family: gauge("trickling")}
		if err := first.send(100); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		end := make(chan time.Time, 1)
		start := time.Now()
		go func() {
			if err := (&producer{sink: fast, family: gauge("fast")}).send(1000); err != nil {
				t.Error(err)
			}
			fast.Close()
			end <- time.Now()
		}()
		for i := 100; i < 1000; i++ {
			time.Sleep(time.Millisecond)
			if err := trickling.Sample(first.family, point(i)); err != nil {
				t.Fatal(err)
			}
		}
		trickling.Close()
		if took := (<-end).Sub(start); took > 200*time.Millisecond {
			t.Errorf("the other one took %v", took)
		}
		if err := drained(); err != nil {
			t.Fatal(err)
		}
		whole(t, w.Bytes(), map[string]int{"trickling": 1000, "fast": 1000})
	})
}

// TestEndlessStream checks that other streams do not wait for a stream that always has more than the client
// reads.
func TestEndlessStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		endless, other := m.Open(), m.Open()
		var w bytes.Buffer
		drained := drainAll(t, m, writerFunc(func(p []byte) (int, error) {
			time.Sleep(30 * time.Millisecond)
			return w.Write(p)
		}))
		end := make(chan error, 1)
		first := &producer{sink: endless, family: gauge("endless")}
		go func() { end <- first.send(-1) }()
		synctest.Wait() // The stream has its turn now.
		if err := (&producer{sink: other, family: gauge("other")}).send(1000); err != nil {
			t.Fatal(err)
		}
		other.Close()
		endless.Close()
		if err := <-end; !errors.Is(err, engine.ErrAbandoned) {
			t.Errorf("the endless collector has ended with %v", err)
		}
		if err := drained(); err != nil {
			t.Fatal(err)
		}
		whole(t, w.Bytes(), map[string]int{"endless": int(first.sent.Load()), "other": 1000})
	})
}

// TestMemoryIsBounded checks that memory is bounded although one stream is slow and another has no end.
func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := text()
		slow, endless := m.Open(), m.Open()
		var w bytes.Buffer
		drained := drainAll(t, m, &w)
		if err := (&producer{sink: slow, family: gauge("slow")}).send(100); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		p := &producer{sink: endless, family: gauge("endless")}
		end := make(chan error, 1)
		go func() { end <- p.send(-1) }()
		for i := range 100 {
			time.Sleep(600 * time.Millisecond)
			if err := slow.Sample(gauge("slow"), point(100+i)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if held := p.bytes(); held < 4<<20 || held > 16<<20 {
			t.Errorf("%d MiB are in memory", held>>20)
		}
		// The deadline passes.
		slow.Close()
		endless.Close()
		if err := <-end; err == nil {
			t.Error("the endless one has ended")
		}
		if err := drained(); err != nil {
			t.Fatal(err)
		}
		// The waiting sample was taken, but its sender may not have counted it.
		whole(t, w.Bytes(), map[string]int{"slow": 200, "endless": int(p.sent.Load())})
	})
}
