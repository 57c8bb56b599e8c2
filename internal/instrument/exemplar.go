package instrument

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

var exemplarFromContext atomic.Pointer[func(context.Context) prometheus.Labels]

// SetExemplarFromContext sets the function that extracts the labels of an exemplar from a context; nil
// unsets it.
func SetExemplarFromContext(extract func(context.Context) prometheus.Labels) {
	if extract == nil {
		exemplarFromContext.Store(nil)
		return
	}
	exemplarFromContext.Store(&extract)
}

// exemplarOf returns the exemplar for v in ctx, or nil.
func exemplarOf(ctx context.Context, v float64) (e *model.Exemplar) {
	extract := exemplarFromContext.Load()
	if extract == nil {
		return nil
	}
	_ = engine.Try(func() (err error) { // A failure must cost only the exemplar.
		if labels := (*extract)(ctx); labels != nil {
			e, err = newExemplar(v, time.Now(), labels)
		}
		return err
	})
	return e
}

// AddWithContext implements ContextAdder.
func (c *Counter) AddWithContext(ctx context.Context, v float64) {
	c.Add(v)
	if e := exemplarOf(ctx, v); e != nil {
		c.exemplar.Store(e)
	}
}

// IncWithContext implements ContextAdder.
func (c *Counter) IncWithContext(ctx context.Context) { c.AddWithContext(ctx, 1) }

// ObserveWithContext implements ContextObserver.
func (h *Histogram) ObserveWithContext(ctx context.Context, v float64) {
	h.Observe(v)
	if e := exemplarOf(ctx, v); e != nil {
		h.addExemplar(e)
	}
}

// KeepInCounter makes e the exemplar of c. It is a function, since programs that do not need it would
// contain a method.
func KeepInCounter(c *Counter, e *model.Exemplar) { c.exemplar.Store(e) }

// KeepInHistogram keeps e, which is an observation that h has counted, as an exemplar of its bucket.
func KeepInHistogram(h *Histogram, e *model.Exemplar) { h.addExemplar(e) }

// newExemplar makes an exemplar. It is an error if the labels are not valid or longer
// than the formats allow.
func newExemplar(value float64, at time.Time, labels prometheus.Labels) (*model.Exemplar, error) {
	list := make([]model.Label, 0, len(labels))
	runes := 0
	for name, v := range labels {
		if name == "" || !utf8.ValidString(name) || strings.HasPrefix(name, "__") {
			return nil, fmt.Errorf("exemplar label name %q is invalid", name)
		}
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("exemplar label value %q is not valid UTF-8", v)
		}
		list = append(list, model.Label{Name: name, Value: v})
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(v)
	}
	if runes > prometheus.ExemplarMaxRunes {
		return nil, fmt.Errorf("exemplar labels have %d runes, exceeding the limit of %d", runes, prometheus.ExemplarMaxRunes)
	}
	rendered, err := model.NewLabels(list)
	if err != nil {
		return nil, fmt.Errorf("exemplar with %w", err)
	}
	return &model.Exemplar{Labels: rendered, Value: value, Timestamp: instant(at)}, nil
}

func instant(t time.Time) model.Instant { return model.Instant{Nanos: t.UnixNano(), Valid: true} }
