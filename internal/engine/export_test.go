package engine

// Room returns for how many samples the outcome has memory.
func (o *Outcome) Room() int { return cap(o.memory.samples) }

// MinPace is what a sample is taken to need at least.
const MinPace = minPace
