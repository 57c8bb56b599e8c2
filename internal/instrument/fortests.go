package instrument

// The functions in this file are for tests, also those of other packages: they bring about what
// otherwise takes several cores, or a mistake.

// Spread gives a histogram, or a summary without objectives, the stripes that it
// otherwise gets when several cores want it at the same time.
func Spread(instrument any) {
	o := observationsOf(instrument)
	o.first.mu.Lock()
	defer o.first.mu.Unlock()
	if o.more.Load() == nil {
		o.spread()
	}
}

// Miss does what an observation does that has found another one at work, and no
// stripes, even if there are some by now.
func Miss(instrument any) {
	o := observationsOf(instrument)
	o.first.mu.Lock()
	defer o.first.mu.Unlock()
	o.miss()
}

// HasStripes reports whether a histogram or summary has stripes.
func HasStripes(instrument any) bool {
	return observationsOf(instrument).more.Load() != nil
}

func observationsOf(instrument any) *observations {
	switch i := instrument.(type) {
	case *Histogram:
		return &i.counts
	case *Summary:
		return &i.plain
	}
	panic("not an instrument with observations")
}

// Break makes a summary panic when it is read, which must have an objective.
func Break(instrument any) { instrument.(*Summary).window.shape.ranks = []float64{50} }
