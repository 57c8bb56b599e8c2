package remote_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/luxfi/metric/remote"
)

// TestMain overwrites the bodies that are freed: what still reads one of them serves nonsense.
func TestMain(m *testing.M) {
	remote.WhenFreed(func(data []byte) {
		for i := range data {
			data[i] = '\xfe'
		}
	})
	goleak.VerifyTestMain(m)
}
