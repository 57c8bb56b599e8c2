package query

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/internal/model"
)

// maxExemplars limits the exemplars that are shown of a series.
const maxExemplars = 16

// exemplarsOf converts exemplars for the page, newest first.
func exemplarsOf(exemplars []*model.Exemplar, template string) []api.Exemplar {
	if len(exemplars) == 0 {
		return nil
	}
	exemplars = slices.DeleteFunc(slices.Clone(exemplars), func(e *model.Exemplar) bool { return e == nil })
	slices.SortStableFunc(exemplars, func(a, b *model.Exemplar) int {
		return cmp.Compare(b.Timestamp.Nanos, a.Timestamp.Nanos)
	})
	var result []api.Exemplar
	for _, e := range exemplars[:min(len(exemplars), maxExemplars)] {
		labels := e.Labels.List()
		one := api.Exemplar{Labels: labelsOf(labels), Value: toAPI(e.Value), URL: traceURL(template, labels)}
		if e.Timestamp.Valid {
			one.T = e.Timestamp.Nanos / int64(time.Millisecond)
		}
		result = append(result, one)
	}
	return result
}

// Usual names of the labels with trace IDs and span IDs.
var (
	traceLabels = []string{"trace_id", "traceID", "TraceID", "traceId", "traceid"}
	spanLabels  = []string{"span_id", "spanID", "SpanID", "spanId", "spanid"}
)

// maxID limits the length of IDs in URLs.
const maxID = 128

// traceURL fills in the template of a trace's URL. It returns an empty string if the labels lack an ID
// that the template needs, or if the result is not an absolute HTTP URL.
func traceURL(template string, labels []model.Label) string {
	if template == "" {
		return ""
	}
	filled := template
	for _, part := range []struct {
		placeholder string
		names       []string
	}{{"{trace_id}", traceLabels}, {"{span_id}", spanLabels}} {
		if !strings.Contains(template, part.placeholder) {
			continue
		}
		id := valueOfAny(labels, part.names)
		if id == "" || len(id) > maxID {
			return ""
		}
		filled = strings.ReplaceAll(filled, part.placeholder, url.QueryEscape(id))
	}
	u, err := url.Parse(filled)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return filled
}

// valueOfAny returns the value of the first of names that is a label.
func valueOfAny(labels []model.Label, names []string) string {
	for _, name := range names {
		for _, l := range labels {
			if l.Name == name && l.Value != "" {
				return l.Value
			}
		}
	}
	return ""
}
