package otelmetric_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/otlptranslator"
)

// intended returns all intended differences.
func intended() []difference {
	return slices.Concat(intendedMetadata(), intendedNames(), intendedLabels(), intendedSeries(), intendedValues())
}

// isOf reports whether the fact is about the metric of the named instrument. The name contains dots.
func (f *fact) isOf(instrument string) bool {
	for _, name := range []string{f.family, f.name} {
		if strings.Contains(strings.ReplaceAll(name, "_", "."), instrument) {
			return true
		}
	}
	return false
}

// intendedMetadata returns the differences in the metadata of metrics and series.
func intendedMetadata() []difference {
	return []difference{
		{
			reason: "units are exposed where names end in them; the exporter knows none",
			ours:   func(_ *place, f *fact) bool { return f.kind != unitFact },
		},
		{
			reason: "counters and histograms have start timestamps; with the exporter, only exponential histograms do",
			theirs: func(_ *place, f *fact) bool { return f.kind != createdFact },
			ours:   func(_ *place, f *fact) bool { return f.kind != createdFact },
		},
		{
			reason: "target_info is of the type that the specification asks for in OpenMetrics, info",
			theirs: func(where *place, f *fact) bool {
				if where.format == formatOpenMetrics && f.family == "target_info" {
					f.family = "target"
					if f.kind == typeFact {
						f.value = "info"
					}
				}
				return true
			},
		},
	}
}

// intendedNames returns the differences in the names of metrics.
func intendedNames() []difference {
	renamed := func(reason, instrument, from, to string) difference {
		return difference{reason: reason, theirs: func(where *place, f *fact) bool {
			if where.setting.strategy.ShouldAddSuffixes() && f.isOf(instrument) {
				f.family, f.name = strings.Replace(f.family, from, to, 1), strings.Replace(f.name, from, to, 1)
			}
			return true
		}}
	}
	const braces = "only the braces of a unit are left out, not what is before them"
	return []difference{
		renamed("TiBy are tebibytes", "unit.ah.", "tibibytes", "tebibytes"),
		renamed("kBy are kilobytes in UCUM, to which KBy is nothing", "unit.ai.", "kBy", "kilobytes"),
		renamed(braces, "unit.bg.gauge", "gauge", "gauge_bytes"),
		renamed(braces, "unit.bg.updown", "updown", "updown_bytes"),
		renamed(braces, "unit.bg.counter", "counter", "counter_bytes"),
		renamed("m/m are meters per meter: minutes are min", "unit.bi.", "per_minute", "per_meter"),
	}
}

// intendedLabels returns the differences in labels.
func intendedLabels() []difference {
	return []difference{
		{
			reason: "an empty label is like no label to Prometheus, so it is left out",
			theirs: func(_ *place, f *fact) bool {
				maps.DeleteFunc(f.labels, func(_, value string) bool { return value == "" })
				return true
			},
		},
		{
			reason: "values of keys that collide are in the order of the keys, as the specification asks for; the exporter sorts them",
			theirs: func(where *place, f *fact) bool {
				for _, label := range []string{"a_b", "otel_scope_a_b"} {
					switch {
					case !where.setting.strategy.ShouldEscape():
					case f.labels[label] == "x;y":
						f.labels[label] = "y;x"
					case f.labels[label] == "1;2":
						f.labels[label] = "2;1"
					}
				}
				return true
			},
		},
		{
			reason: "an attribute that gets the name of a scope's label is joined with it; the exporter fails to expose such series",
			ours: func(where *place, f *fact) bool {
				name := f.labels["otel_scope_name"]
				return where.setting.noScope || name != "mine" && !strings.HasSuffix(name, ";mine")
			},
		},
		{
			reason: "a label name that Prometheus reserves loses an underscore; the exporter fails to expose such series",
			ours: func(where *place, f *fact) bool {
				return where.setting.strategy.ShouldEscape() || !f.isOf("attributes") || f.labels["_two"] == ""
			},
		},
	}
}

// intendedSeries returns the differences in the set of series.
func intendedSeries() []difference {
	// joined are the sums of series that several instruments share.
	joined := map[string]map[string]string{
		"conflict.series": {"first": "3.5"},
		"name.seconds":    {"": "2"},
	}
	return []difference{
		{
			reason: "instruments whose series are the same count together; the exporter exposes one of them and fails for the other",
			theirs: func(where *place, f *fact) bool {
				if where.setting.strategy != otlptranslator.UnderscoreEscapingWithSuffixes && f.isOf("name.seconds") {
					return true
				}
				for instrument, sums := range joined {
					if sum := sums[f.labels["from"]]; sum != "" && f.kind == sampleFact && f.isOf(instrument) && !f.isOf(instrument+".gauge") {
						f.value = sum
					}
				}
				return true
			},
		},
		{
			reason: "without labels of their scopes, instruments of several meters count together; the exporter exposes any one of them",
			theirs: func(where *place, f *fact) bool {
				if where.setting.noScope && f.kind == sampleFact && f.isOf("scope.counter") {
					switch {
					case f.labels["meter"] == "all":
						f.value = "15"
					case f.labels["otel_scope_name"] == "mine":
						f.value = "6"
					}
				}
				return true
			},
		},
	}
}

// intendedValues returns the differences in the values of series.
func intendedValues() []difference {
	return []difference{
		{
			reason: "increments of counters that are negative or not finite are left out, as they would spoil the sum",
			theirs: func(_ *place, f *fact) bool {
				if f.kind == sampleFact && f.isOf("value.counter") && isOutlier(f) {
					f.value = "1"
				}
				return true
			},
		},
		{
			reason: "increments of up-down counters that are not finite are left out, as they would spoil the sum",
			theirs: func(_ *place, f *fact) bool {
				return f.kind != sampleFact || !f.isOf("value.updown") || !isOutlier(f) || f.labels["of"] == "minus one"
			},
		},
		{
			reason: "measurements of histograms that are not finite are left out, as they would spoil the sum",
			theirs: func(_ *place, f *fact) bool {
				if f.kind != sampleFact || !f.isOf("value.histogram") || !isOutlier(f) || f.labels["of"] == "minus one" {
					return true
				}
				switch {
				case f.isOf("value.histogram.sum"):
					f.value = "0.5"
				case strings.HasPrefix(f.labels["le"], "0"): // OpenMetrics writes it as 0.0.
					f.value = "0"
				default:
					f.value = "1"
				}
				return true
			},
		},
		{
			reason: "the exemplar is the last one; that of the exporter is a random one",
			theirs: func(_ *place, f *fact) bool {
				if f.kind == exemplarFact && f.labels["method"] == "many" {
					f.value = f.value[:strings.LastIndex(f.value, " ")] + " 999"
				}
				return true
			},
		},
		{
			reason: "like with client_golang, the exemplar of a native histogram is that of its last bucket, too",
			ours: func(where *place, f *fact) bool {
				return !f.isOf("exponential.exemplar") || f.labels["le"] != "+Inf" || f.kind == sampleFact && where.format != formatProtobuf
			},
		},
		{
			reason: "a histogram that asks for an empty list of boundaries has none; the SDK takes it for no list",
			theirs: func(_ *place, f *fact) bool {
				return !f.isOf("buckets.none") || f.labels["le"] == "" || f.labels["le"] == "+Inf"
			},
		},
		{
			reason: "the limit of buckets is for those that are not empty, so that exponential histograms keep a finer resolution",
			theirs: func(_ *place, f *fact) bool {
				if f.kind == schemaFact && (f.isOf("exponential.wide") || f.isOf("exponential.signed")) {
					f.value = "8"
				}
				return true
			},
		},
	}
}

// isOutlier reports whether the fact is about a series with a value that is negative or not finite.
func isOutlier(f *fact) bool {
	return slices.Contains([]string{"nan", "inf", "minus inf", "minus one"}, f.labels["of"])
}
