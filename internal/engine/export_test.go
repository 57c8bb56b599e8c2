package engine

// Room returns for how many samples the outcome has memory.
func (o *Outcome) Room() int { return cap(o.memory.samples) }
