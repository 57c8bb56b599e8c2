package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chunk is about the size of an encoder's chunks.
const chunk = 48 << 10

// padding makes a point about a KiB long, so that few points make a chunk.
var padding = strings.Repeat("x", 1000)

func gauge(name string) *model.Family { return &model.Family{Name: name, Type: model.Gauge} }

// point returns point i of a family. Its label identifies it.
func point(i int) *model.Point {
	l, err := model.NewLabels([]model.Label{{Name: "i", Value: fmt.Sprint(i)}, {Name: "padding", Value: padding}})
	if err != nil {
		panic(err)
	}
	return &model.Point{Labels: l, Value: float64(i)}
}

// producer sends points of a family and counts them.
type producer struct {
	sink   engine.Sink
	family *model.Family
	sent   atomic.Int64
}

// send sends n points, or points without an end if n is negative.
func (p *producer) send(n int) error {
	for i := 0; i != n; i++ {
		if err := p.sink.Sample(p.family, point(i)); err != nil {
			return err
		}
		p.sent.Add(1)
	}
	return nil
}

// bytes returns the approximate length of the text sent.
func (p *producer) bytes() int { return int(p.sent.Load()) * (len(padding) + 30) }

// whole fails the test unless out has the points of all families, each family together.
func whole(t *testing.T, out []byte, families map[string]int) {
	t.Helper()
	var (
		last string
		seen = map[string]int{}
	)
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			last, _, _ = strings.Cut(name, " ")
			if _, again := seen[last]; again {
				t.Errorf("family %s comes twice", last)
			}
			seen[last] = 0
			continue
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		if want := fmt.Sprintf("%s{i=%q,", last, fmt.Sprint(seen[last])); !strings.HasPrefix(line, want) {
			t.Fatalf("got %.60s…, want %s…", line, want)
		}
		if !strings.HasSuffix(line, "\n") {
			t.Fatalf("the last line of %s is cut off", last)
		}
		seen[last]++
	}
	for name, n := range families {
		if seen[name] != n {
			t.Errorf("family %s has %d points, want %d", name, seen[name], n)
		}
	}
	if len(seen) != len(families) {
		t.Errorf("%d families, want %d", len(seen), len(families))
	}
}

// slow is a writer that takes a chunk for each value in next, and all chunks once next is closed.
type slow struct {
	bytes.Buffer
	next chan struct{}
}

func (s *slow) Write(p []byte) (int, error) {
	<-s.next
	return s.Buffer.Write(p)
}

var errGone = errors.New("the client has gone")

// gone is a writer that fails after the given number of chunks.
type gone struct{ chunks int }

func (g *gone) Write(p []byte) (int, error) {
	if g.chunks--; g.chunks < 0 {
		return 0, errGone
	}
	return len(p), nil
}

// writerFunc adapts a function to [io.Writer].
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// drainAll drains m in a goroutine of its own. The returned function waits for it.
func drainAll(t *testing.T, m *stream.Mixer, w io.Writer) (wait func() error) {
	t.Helper()
	end := make(chan error, 1)
	go func() { end <- m.Drain(t.Context(), w) }()
	return func() error { return <-end }
}

func text() *stream.Mixer { return stream.NewMixer(encode.Options{}) }
