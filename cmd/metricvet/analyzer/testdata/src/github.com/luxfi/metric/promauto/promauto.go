package promauto

import "github.com/luxfi/metric"

func NewCounter(metric.CounterOpts) metric.ReadableCounter          { return nil }
func NewCounterVec(metric.CounterOpts, []string) *metric.CounterVec { return nil }
