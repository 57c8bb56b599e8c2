package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/luxfi/metric/dashboard/internal/api"
)

// Limits of the plots in a request.
const (
	maxPlots      = 8
	maxSpec       = 4 << 10 // bytes
	maxSpecLabels = 20
	maxSeconds    = 24 * 60 * 60
)

// specsOf parses the plots of a stream.
func specsOf(texts []string) ([]api.Spec, error) {
	if len(texts) > maxPlots {
		return nil, fmt.Errorf("the request asks for %d plots: a stream has at most %d", len(texts), maxPlots)
	}
	specs := make([]api.Spec, len(texts))
	for i, text := range texts {
		spec, err := specOf(text)
		if err != nil {
			return nil, fmt.Errorf("plot %d is not valid: %w", i, err)
		}
		specs[i] = spec
	}
	return specs, nil
}

// specOf parses the description of a plot.
func specOf(text string) (spec api.Spec, err error) {
	if len(text) > maxSpec {
		return spec, fmt.Errorf("it has %d bytes: at most %d are allowed", len(text), maxSpec)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&spec); err != nil {
		return spec, fmt.Errorf(`it must be a JSON object such as {"family":"http_requests_total","by":["code"]}: %w`, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return spec, errors.New("something follows the JSON object")
	}
	switch {
	case spec.Family == "":
		return spec, errors.New("it has no family")
	case spec.Each && len(spec.By) > 0:
		return spec, errors.New("it has both by and each: only one of them is allowed")
	case len(spec.Match) > maxSpecLabels || len(spec.By) > maxSpecLabels:
		return spec, fmt.Errorf("it has %d labels to match and %d to sum by: at most %d are allowed", len(spec.Match), len(spec.By), maxSpecLabels)
	case spec.Seconds < 0 || spec.Seconds > maxSeconds:
		return spec, fmt.Errorf("it goes back %d seconds: from 1 to %d are allowed, or 0 for five minutes", spec.Seconds, maxSeconds)
	default:
		return spec, nil
	}
}
