package stripe_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/luxfi/metric/internal/stripe"
)

func TestCount(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, test := range []struct{ cores, want int }{
		{1, 4}, {2, 8}, {3, 16}, {4, 16}, {5, 32}, {8, 32}, {16, 64}, {31, 128}, {32, 128}, {33, 128}, {200, 128},
	} {
		runtime.GOMAXPROCS(test.cores)
		if got := stripe.Count(); got != test.want || got > stripe.MaxCount {
			t.Errorf("%d stripes for %d cores, want %d", got, test.cores, test.want)
		}
	}
}

func TestIndexIsInRange(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 8, 100, 128, 1<<31 - 1} {
		together(func(int) {
			deeper(200, func() {
				if i := stripe.Index(n); i < 0 || i >= n {
					t.Errorf("index %d of %d", i, n)
				}
			})
		})
	}
}

// deeper calls f at different depths of the stack.
func deeper(depth int, f func()) {
	var frame [256]byte
	f()
	if depth > int(frame[depth%len(frame)]) {
		deeper(depth-1, f)
	}
}

// TestIndexDiffers checks that goroutines that exist at the same time do not all get the same stripe.
// Index promises no more.
func TestIndexDiffers(t *testing.T) {
	const n = 64
	indexes := make(chan int, n)
	release := make(chan struct{})
	for range n {
		go func() {
			indexes <- stripe.Index(n)
			<-release
		}()
	}
	seen := make(map[int]bool)
	for range n {
		seen[<-indexes] = true
	}
	close(release)
	if len(seen) < 2 {
		t.Errorf("%d goroutines all got the same of %d stripes", n, n)
	}
}

// latestShuffle is long after any other time in this process, except for earlier runs of TestShuffle.
var latestShuffle = int64(1e18)

// TestShuffle checks that a goroutine gets another stripe eventually, but not at once for each call of
// Shuffle.
func TestShuffle(t *testing.T) {
	now := latestShuffle
	defer func() { latestShuffle = now }()
	seen := make(map[int]bool)
	for range 100 {
		now += int64(time.Second)
		stripe.ShuffleAt(now)
		first := stripe.Index(64)
		stripe.ShuffleAt(now + 1)
		if again := stripe.Index(64); again != first {
			t.Fatalf("the index went from %d to %d though it had just changed", first, again)
		}
		seen[first] = true
	}
	if len(seen) < 2 {
		t.Error("the index was always the same")
	}
}

// TestShuffleGivesUp checks that shuffling becomes rare where it does not help, and that it works again
// when it is requested after a while.
func TestShuffleGivesUp(t *testing.T) {
	now := latestShuffle + int64(time.Hour)
	defer func() { latestShuffle = now }()
	shuffles := func(period time.Duration) (n int) {
		for end := now + int64(period); now < end; now += int64(100 * time.Microsecond) {
			before := stripe.Shuffled()
			if stripe.ShuffleAt(now); stripe.Shuffled() != before {
				n++
			}
		}
		return n
	}
	if n := shuffles(2 * time.Second); n < 8 || n > 20 {
		t.Errorf("%d shuffles in the first two seconds", n)
	}
	if n := shuffles(20 * time.Second); n > 21 {
		t.Errorf("%d shuffles in twenty seconds", n)
	}
	now += int64(time.Minute)
	if n := shuffles(100 * time.Millisecond); n < 4 {
		t.Errorf("%d shuffles after a pause", n)
	}
}

// TestSharedInTurn checks that goroutines that add to a stripe in turn, but never at the same time, get
// other stripes as well. This happens when they add to many counters.
func TestSharedInTurn(t *testing.T) {
	c := new(stripe.Counter)
	c.SpreadOver(1)
	stripe.ForgetShuffles()
	before := stripe.Shuffled()
	there, back := make(chan bool), make(chan bool)
	go func() {
		defer close(back)
		for range there {
			for range 1024 {
				c.Inc()
			}
			back <- true
		}
	}()
	defer func() {
		close(there)
		<-back
	}()
	for deadline := time.Now().Add(time.Minute); stripe.Shuffled() == before; {
		for range 1024 {
			c.Inc()
		}
		there <- true
		<-back
		if time.Now().After(deadline) {
			t.Fatal("goroutines that share a stripe go on doing so")
		}
	}
}

func TestIndexDoesNotAllocate(t *testing.T) {
	if got := testing.AllocsPerRun(1000, func() { stripe.Index(8) }); got != 0 {
		t.Errorf("Index allocates %v times", got)
	}
}
