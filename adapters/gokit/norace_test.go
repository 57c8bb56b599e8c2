//go:build !race

package gokit_test

const raceEnabled = false
