package otelmetric_test

import "maps"

// difference is an intended difference between the two expositions. It turns a fact of one exposition into
// its equivalent in the other one.
type difference struct {
	reason string
	theirs edit // changes facts of OpenTelemetry's exporter
	ours   edit // changes facts of this package
}

// edit changes a fact and reports whether the fact still exists.
type edit func(where *place, f *fact) bool

// place is the origin of a fact.
type place struct {
	setting setting
	format  string
}

// adapt applies the differences to the facts of an exposition. It records in occurred which of them changed
// a fact.
func adapt(differences []difference, occurred []bool, where *place, ours bool, facts []fact) (adapted []fact) {
	for _, f := range facts {
		keep := true
		for i, d := range differences {
			change := d.theirs
			if ours {
				change = d.ours
			}
			if change == nil || !keep {
				continue
			}
			before := f.String()
			f.labels = maps.Clone(f.labels)
			keep = change(where, &f)
			if !keep || f.String() != before {
				occurred[i] = true
			}
		}
		if keep {
			adapted = append(adapted, f)
		}
	}
	return adapted
}
