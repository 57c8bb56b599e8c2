package remote_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/luxfi/metric/remote"
)

// TestMain overwrites bodies when they are freed, so that a test fails if anything still reads one.
func TestMain(m *testing.M) {
	remote.WhenFreed(func(data []byte) {
		for i := range data {
			data[i] = '\xfe'
		}
	})
	goleak.VerifyTestMain(m)
}
