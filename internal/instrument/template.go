package instrument

import (
	"slices"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// Template is implemented by vectors of this library, which can show an example of their series even if
// they have none.
type Template interface {
	// Template overwrites *p with a point of a new series with empty label values that is not in the
	// vector. It returns the labels that series of an info family have in addition; these are not in p.
	Template(p *model.Point, scratch *model.Scratch) (infoLabels []string)
}

// Template implements [Template]. Code that is linked into all programs must not use it: it would be in
// every program, once for each kind of vector.
func (v *Vec[C, P]) Template(p *model.Point, scratch *model.Scratch) (infoLabels []string) {
	f := v.family
	c := P(&labelmap.NewEntry[C](f.layout, make([]string, len(f.names()))).Child)
	c.bind(series{f})
	if f.info != nil {
		p.SetNumber(model.Labels{}, 1)
		return slices.Clone(f.info.names)
	}
	if v.init != nil {
		v.init(c)
	}
	c.Point(p, scratch)
	return nil
}
