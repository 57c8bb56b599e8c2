package instrument

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// misuse adds the name of the misused metric to err. client_golang's text stays part of the message,
// because programs may search for it.
func (f *family) misuse(err error) error { return fmt.Errorf("%s: %w", f.title(), err) }

// title names the family and its kind, if the kind is known.
func (f *family) title() string {
	if f.Type == model.Untyped {
		return fmt.Sprintf("metric %q", f.Name)
	}
	return fmt.Sprintf("%s %q", f.Type, f.Name)
}

// misuse does the same for a vector, and adds the names of the labels that callers must pass.
func (x *index[C]) misuse(err error) error {
	wanted, curried := "the labels", ""
	var fixed []string
	names := slices.Clone(x.family.names())
	for _, c := range slices.Backward(x.curried) {
		fixed = append(fixed, fmt.Sprintf("%s=%q", names[c.index], c.value))
		names = slices.Delete(names, c.index, c.index+1)
	}
	if slices.Reverse(fixed); len(fixed) > 0 {
		curried = fmt.Sprintf(" besides the curried %s", strings.Join(fixed, ", "))
	}
	switch len(names) {
	case 0:
		wanted = "no labels"
	case 1:
		wanted = "the label"
	}
	return fmt.Errorf("%s, which takes %s%s%s: %w", x.family.title(), wanted, quotedNames(names), curried, err)
}

// quotedNames returns names in quotes, preceded by a space if there are any.
func quotedNames(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", names)
}

// missing returns the error for a correct number of labels of which one is missing.
func (x *index[C]) missing(name string, labels prometheus.Labels) error {
	instead := ""
	if unknown := x.unknown(labels); len(unknown) > 0 {
		instead = fmt.Sprintf(", which has%s instead", quotedNames(unknown))
	}
	return x.misuse(fmt.Errorf("label name %q missing in label map%s", name, instead))
}

// unknown returns the names in labels that callers cannot pass.
func (x *index[C]) unknown(labels prometheus.Labels) (names []string) {
	for name := range labels { // An iterator would move the user's map to the heap.
		if !slices.Contains(x.family.names(), name) {
			names = append(names, strings.Clone(name))
		}
	}
	slices.Sort(names)
	return names
}

//nolint:gochecknoinits // Counters of package stripe know neither names nor labels.
func init() { stripe.DecreaseError = decreaseError }

// decreaseError returns the value with which a counter panics when the negative v is added. Every
// counter of package stripe on which users can call Add is part of a Counter.
func decreaseError(part *stripe.Counter, v float64) error {
	c := (*Counter)(unsafe.Add(unsafe.Pointer(part), -int(unsafe.Offsetof(Counter{}.Counter))))
	labels := ""
	if l := labelsOf(c); !l.IsEmpty() {
		labels = "{" + l.Text() + "}"
	}
	return fmt.Errorf("%s%s: %w: it was to add %v, but only numbers that are not negative can be added",
		c.family.title(), labels, stripe.ErrDecrease, v)
}
