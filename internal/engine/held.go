package engine

import (
	"errors"

	"github.com/luxfi/metric/internal/model"
)

// Held holds whole families that a run hands over at once instead of sending their samples one by one: for
// example families received from another process, in the form in which they came.
type Held struct {
	// Sources are the families. They must be safe for concurrent use and must not change.
	Sources []model.Source
	// Free, if not nil, is called once when the sources are no longer in use, so that their memory can be
	// reused. It is not called if scrapes share the result or keep it.
	Free func()
}

func (h *Held) free() {
	if h.Free != nil {
		h.Free()
	}
}

// series returns the number of series.
func (h *Held) series() (n int) {
	for _, s := range h.Sources {
		n += model.LenOf(s)
	}
	return n
}

// Holder is implemented by a [Sink] that takes whole families.
type Holder interface {
	// Hold adds families. The error is [ErrAbandoned] or nil.
	Hold(h Held) error
}

// Hold hands families over to a sink: as a whole if the sink is a [Holder], and otherwise sample by sample.
// It reports samples that the sink cannot take to [Sink.Drop].
func Hold(to Sink, h Held) error {
	if to, ok := to.(Holder); ok {
		return to.Hold(h)
	}
	defer h.free()
	return Send(to, h.Sources)
}

// Send writes the series of sources to a sink one by one. It reports samples that the sink cannot take to
// [Sink.Drop]. The error is [ErrAbandoned] or nil.
func Send(to Sink, sources []model.Source) error {
	var (
		p       model.Point
		scratch model.Scratch
	)
	for _, source := range sources {
		f, series := source.Family(), source.Series()
		for i := range series.Len() {
			series.At(i, &p, &scratch)
			switch err := to.Sample(f, &p); {
			case errors.Is(err, ErrAbandoned):
				return err
			case err != nil:
				to.Drop(err)
			}
		}
	}
	return nil
}

// Hold implements [Holder].
func (b *Buffer) Hold(h Held) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := h.series()
	m := b.reserve(n, 0)
	if m == nil {
		return ErrAbandoned
	}
	m.held = append(m.held, h)
	m.series += n
	return nil
}
