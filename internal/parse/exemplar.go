package parse

import (
	"fmt"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
)

// skipExemplar checks the syntax of an exemplar, from its first label on.
func (l *lexer) skipExemplar(pos int) (end int, err error) {
	_, end, err = l.readExemplar(pos)
	return end, err
}

// readExemplar reads an exemplar from its first label on. It stores the labels in l.exemplar.
func (l *lexer) readExemplar(pos int) (e model.Exemplar, end int, err error) {
	ln := &l.exemplar
	ln.labels = ln.labels[:0]
	// An exemplar must not have a name.
	if pos, err = l.readLabels(pos, ln, true); err != nil {
		return e, 0, err
	}
	if l.text[pos] != ' ' {
		return e, 0, l.errorAt(pos, "found %s behind the labels of an exemplar: allowed are a blank and a number", l.rest(pos))
	}
	pos++
	v, n, ok := leadingFloat(l.text[pos:])
	if !ok {
		return e, 0, l.errorAt(pos, "found %s where the value of an exemplar should be: allowed is a number", l.rest(pos))
	}
	e.Value = v
	if pos += n; l.text[pos] == ' ' {
		start := pos + 1
		if _, pos, err = l.seconds(start); err != nil {
			return e, 0, err
		}
		e.Timestamp = instantOf(l.text[start:], pos-start)
	}
	return e, pos, nil
}

// exemplars checks exemplars and, on request, makes them.
type exemplars struct {
	make   bool // make exemplars instead of only checking them
	labels []model.Label
	text   []byte
	bad    error // reason for omitting one; continues a sentence
}

// finish returns an exemplar with e's value and timestamp and x.labels. It returns nil if the exemplar
// must be omitted.
func (x *exemplars) finish(e *model.Exemplar) *model.Exemplar {
	runes := 0
	for i := range x.labels {
		runes += utf8.RuneCountInString(x.labels[i].Name) + utf8.RuneCountInString(x.labels[i].Value)
	}
	if runes > maxExemplarRunes {
		x.refuse(fmt.Errorf("has an exemplar whose labels have %d characters: at most %d are allowed", runes, maxExemplarRunes))
		return nil
	}
	var err error
	var l model.Labels
	if x.text, l, err = model.AppendLabels(x.text[:0], x.labels); err != nil {
		x.refuse(fmt.Errorf("has an exemplar with %w", err))
		return nil
	}
	if !x.make {
		return nil
	}
	return &model.Exemplar{Labels: l.Keep(), Value: e.Value, Timestamp: e.Timestamp}
}

func (x *exemplars) refuse(err error) {
	if x.bad == nil {
		x.bad = err
	}
}

// maxExemplarRunes is the maximum number of characters in the labels of an exemplar according to
// OpenMetrics; Prometheus does not store longer ones.
const maxExemplarRunes = 128
