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

// misuse returns err with the name of the metric that was used in a way that it does not
// allow. What client_golang says about it stays part of the text, for programs that look for
// that.
func (f *family) misuse(err error) error { return fmt.Errorf("%s: %w", f.title(), err) }

// title names the family with its kind, as far as that is known.
func (f *family) title() string {
	if f.Type == model.Untyped {
		return fmt.Sprintf("metric %q", f.Name)
	}
	return fmt.Sprintf("%s %q", f.Type, f.Name)
}

// misuse does the same for a vector, and tells the labels that have to be given.
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

// quotedNames returns names in quotes, after a space if there are any.
func quotedNames(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", names)
}

// missing returns the error for labels of the right number that lack one.
func (x *index[C]) missing(name string, labels prometheus.Labels) error {
	instead := ""
	if unknown := x.unknown(labels); len(unknown) > 0 {
		instead = fmt.Sprintf(", which has%s instead", quotedNames(unknown))
	}
	return x.misuse(fmt.Errorf("label name %q missing in label map%s", name, instead))
}

// unknown returns which of the names in labels are not those of labels that can be given.
func (x *index[C]) unknown(labels prometheus.Labels) (names []string) {
	for name := range labels { // Not by an iterator, which would move the user's map to the heap.
		if !slices.Contains(x.family.names(), name) {
			names = append(names, strings.Clone(name))
		}
	}
	slices.Sort(names)
	return names
}

//nolint:gochecknoinits // Counters of package stripe know neither names nor labels.
func init() { stripe.DecreaseError = decreaseError }

// decreaseError returns what a counter panics with when it is to go down by adding v. All
// counters of package stripe that can be told to are part of a counter.
func decreaseError(part *stripe.Counter, v float64) error {
	c := (*Counter)(unsafe.Add(unsafe.Pointer(part), -int(unsafe.Offsetof(Counter{}.Counter))))
	labels := ""
	if l := labelsOf(c); !l.IsEmpty() {
		labels = "{" + l.Text() + "}"
	}
	return fmt.Errorf("%s%s: %w: it was to add %v, but only numbers that are not negative can be added",
		c.family.title(), labels, stripe.ErrDecrease, v)
}
