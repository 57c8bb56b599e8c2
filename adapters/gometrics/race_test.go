//go:build race

package gometrics_test

const raceEnabled = true
