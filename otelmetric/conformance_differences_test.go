package otelmetric_test

import "maps"

// difference is something in which the expositions differ, and should. It turns a fact of one of them into
// what the other one has instead.
type difference struct {
	reason string
	theirs edit // changes what OpenTelemetry's exporter says
	ours   edit // changes what this package says
}

// edit changes a fact, and reports whether there is still one.
type edit func(where *place, f *fact) bool

// place is where a fact is from.
type place struct {
	setting setting
	format  string
}

// adapt applies the differences to the facts of an exposition, and notes those that change some.
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
