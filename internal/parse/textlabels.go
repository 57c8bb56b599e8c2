package parse

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// readRole determines the meaning of the held line.
func (c *textCursor) readRole() error {
	if c.role == misfit {
		return fmt.Errorf("has a sample named %s: a %s has no samples of this name", quote(c.line.name), c.typ)
	}
	special := c.shape.special(c.role)
	at, err := c.renderLabels(special)
	if err != nil {
		return err
	}
	c.prefix = ""
	switch {
	case special == "":
		if r := c.typ.Reserved(); r != "" && c.labels.Has(r) {
			return fmt.Errorf("must not have an explicit %q label", r)
		}
	case at < 0:
		return fmt.Errorf("has a sample named %s without the label %q", quote(c.line.name), special)
	default:
		c.special = c.line.labels[at].value
		if c.line.plain && at == len(c.line.labels)-1 {
			c.prefix = c.text[c.pos : c.line.labels[at].end-1-len(c.special)]
		}
	}
	return nil
}

// renderLabels renders the labels of a line except the special label, and returns the index of that
// label.
func (c *textCursor) renderLabels(special string) (at int, err error) {
	at = -1
	labels := c.line.labels
	before := ""
	ascending, quoted := true, false
	for i := range labels {
		lb := &labels[i]
		if special != "" && lb.name == special {
			if at >= 0 {
				return 0, fmt.Errorf("has two or more labels with the same name: %s", special)
			}
			at = i
			continue
		}
		if lb.name == "" || strings.HasPrefix(lb.name, "__") || strings.IndexByte(lb.name, 0) >= 0 {
			_, _, err := model.AppendLabels(nil, []model.Label{{Name: shorten(lb.name)}})
			return 0, fmt.Errorf("has %w", err)
		}
		ascending = ascending && before < lb.name
		before = lb.name
		quoted = quoted || c.text[lb.pos] == '"'
	}
	first, last := 0, len(labels)
	switch at {
	case -1:
	case 0:
		first++
	case last - 1:
		last--
	default:
		ascending = false // The labels are not contiguous.
	}
	c.rendered = false
	switch {
	case first >= last:
		c.labels = model.Labels{}
	case c.line.plain && ascending:
		c.labels = volatile(c.text[labels[first].pos:labels[last-1].end], quoted)
	default:
		return at, c.sortLabels(at)
	}
	return at, nil
}

// sortLabels renders labels that need sorting or escaping.
func (c *textCursor) sortLabels(special int) error {
	c.sorted = c.sorted[:0]
	for i := range c.line.labels {
		if i != special {
			c.sorted = append(c.sorted, c.line.labels[i])
		}
	}
	sortLabels(c.sorted)
	buf, quoted := c.buf[:0], false
	for i := range c.sorted {
		lb := &c.sorted[i]
		if i > 0 {
			if lb.name == c.sorted[i-1].name {
				return fmt.Errorf("has two or more labels with the same name: %s", shorten(lb.name))
			}
			buf = append(buf, ',')
		}
		buf = model.AppendLabelName(buf, lb.name)
		quoted = quoted || buf[len(buf)-1] == '"'
		buf = append(buf, '=', '"')
		if lb.odd {
			buf = model.AppendEscaped(buf, unescape(lb.value, true))
		} else {
			buf = append(buf, lb.value...)
		}
		buf = append(buf, '"')
	}
	c.buf, c.rendered = buf, true
	c.labels = model.VolatileLabels(buf, quoted)
	return nil
}

// sortLabels sorts a few labels without allocating.
func sortLabels(labels []label) {
	if len(labels) > 16 {
		order.By(labels, func(a, b label) int { return cmp.Compare(a.name, b.name) })
		return
	}
	for i := range labels {
		for j := i; j > 0 && labels[j].name < labels[j-1].name; j-- {
			labels[j], labels[j-1] = labels[j-1], labels[j]
		}
	}
}
