package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Parameters holds the names that a request selects.
type Parameters struct {
	Collectors []string // collectors to run (collect[])
	Exclude    []string // collectors not to run (exclude[])
	Families   []string // families to gather (name[])
}

// ParseParameters returns what a request selects with its parameters name[] and, if collectors may be
// selected, collect[] and exclude[]. The latter two may also be written without brackets. If collectors may
// not be selected, the query may be meant for other code of the program, so ParseParameters does not check
// it.
func ParseParameters(r *http.Request, collectors bool) (Parameters, error) {
	if r.URL == nil {
		return Parameters{}, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if !collectors {
		return Parameters{Families: query["name[]"]}, nil
	}
	if err != nil {
		return Parameters{}, fmt.Errorf("the query of the URL is not valid: %w", err)
	}
	if err := checkParameters(query); err != nil {
		return Parameters{}, err
	}
	return Parameters{
		Families:   query["name[]"],
		Collectors: slices.Concat(query["collect[]"], query["collect"]),
		Exclude:    slices.Concat(query["exclude[]"], query["exclude"]),
	}, nil
}

// checkParameters returns an error if a parameter looks like a misspelled selection, or if the name of a
// family is empty. The scrape reports an empty name of a collector, because it knows the existing names.
func checkParameters(query url.Values) error {
	for _, key := range slices.Sorted(maps.Keys(query)) {
		switch key {
		case "collect[]", "collect", "exclude[]", "exclude", "name[]":
		case "name":
			// It is not understood: a program with a parameter of that name would get an empty exposition,
			// since a family that does not exist is not an error.
			return errors.New("there is no parameter name=: write name[]=FAMILY, once for each family; " +
				"a program that uses name= itself sets HandlerOpts.DisableCollectorSelection")
		default:
			if meant := meantParameter(key); meant != "" {
				return fmt.Errorf("there is no parameter %.50q: write %s=NAME, once for each name; "+
					"there are collect[], exclude[] and name[]", key, meant)
			}
		}
	}
	if slices.Contains(query["name[]"], "") {
		return errors.New("name[]= is empty: write name[]=FAMILY, once for each family, or leave it out for all")
	}
	return nil
}

// meantParameter returns the parameter that a key is probably meant to be, or "". Without brackets, only a
// difference in case counts as a mistake: collectors= may be the program's own.
func meantParameter(key string) string {
	base, _, brackets := strings.Cut(strings.ToLower(strings.TrimSpace(key)), "[")
	switch {
	case base == "collect", brackets && (base == "collector" || base == "collectors"):
		return "collect[]"
	case base == "exclude", brackets && (base == "excluded" || base == "excludes"):
		return "exclude[]"
	case base == "name", brackets && (base == "names" || base == "family" || base == "families"):
		return "name[]"
	default:
		return ""
	}
}
