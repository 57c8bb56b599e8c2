package promauto

import "github.com/luxfi/metric"

func NewCounterVec(metric.CounterOpts, []string) *metric.CounterVec { return nil }
