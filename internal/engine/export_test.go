package engine

import "time"

// Room returns for how many samples the outcome has memory.
func (o *Outcome) Room() int { return cap(o.memory.samples) }

// Pace returns how long a sample is taken to need.
func Pace() time.Duration { return pace.load() }
