package naming

import (
	"fmt"

	"github.com/luxfi/metric/internal/model"
)

// Claims maps the names that the families of an exposition are written under to these families. Its
// size depends on the number of names of the families, not on the number of series.
//
// Claims is not safe for concurrent use.
type Claims struct {
	scheme Scheme
	names  map[string]claim
}

// claim is the use of a name.
type claim struct {
	family  *model.Family
	created bool // The name belongs to start timestamps, not to a family or its values.
}

// NewClaims returns an empty table.
func NewClaims(s Scheme) *Claims { return &Claims{scheme: s, names: make(map[string]claim)} }

// ClashError reports that a family would be written under a name that another family has.
type ClashError struct {
	Family, Other *model.Family
	Written       string // name that both would have
}

// Error names both families and the clashing name.
func (e *ClashError) Error() string {
	if e.Family.Name == e.Other.Name {
		return fmt.Sprintf("family %q was left out, since a stream collector has written one with this name", e.Family.Name)
	}
	return fmt.Sprintf("family %q was left out, since it would be written as %q, like the %s %q", e.Family.Name, e.Written, e.Other.Type, e.Other.Name)
}

// Take claims the names of a family. If another family has one of them, Take claims nothing and returns
// a *[ClashError].
func (c *Claims) Take(f *model.Family) error {
	if err := c.Check(f); err != nil {
		return err
	}
	written := c.scheme.Name(f.Name)
	c.names[written] = claim{family: f}
	for _, suffix := range c.scheme.Suffixes(f.Type) {
		c.names[written+suffix] = claim{family: f}
	}
	return nil
}

// Check returns the error that [Claims.Take] would return.
func (c *Claims) Check(f *model.Family) error {
	written := c.scheme.Name(f.Name)
	if other, ok := c.names[written]; ok {
		return &ClashError{f, other.family, written}
	}
	for _, suffix := range c.scheme.Suffixes(f.Type) {
		if other, ok := c.names[written+suffix]; ok {
			return &ClashError{f, other.family, written + suffix}
		}
	}
	return nil
}

// TakeCreated claims the name of the series that hold a family's start timestamps.
func (c *Claims) TakeCreated(f *model.Family) error {
	name, err := c.checkCreated(f)
	if err == nil && name != "" {
		c.names[name] = claim{family: f, created: true}
	}
	return err
}

// CheckCreated returns the error that [Claims.TakeCreated] would return.
func (c *Claims) CheckCreated(f *model.Family) error {
	_, err := c.checkCreated(f)
	return err
}

func (c *Claims) checkCreated(f *model.Family) (name string, err error) {
	base, ok := CreatedBase(f.Type, c.scheme.Name(f.Name))
	if !ok || !c.scheme.CreatedLines {
		return "", nil
	}
	name = base + CreatedSuffix
	if other, taken := c.names[name]; taken {
		return "", &CreatedError{f, other.family, name}
	}
	return name, nil
}

// CreatedError reports that a family is written without start timestamps, because another family has
// the name of the series that would hold them.
type CreatedError struct {
	Family, Other *model.Family
	Written       string // clashing name
}

// Error names both families and the clashing name.
func (e *CreatedError) Error() string {
	return fmt.Sprintf("the creation times of family %q were left out, since they would be written as %q, like the %s %q",
		e.Family.Name, e.Written, e.Other.Type, e.Other.Name)
}
