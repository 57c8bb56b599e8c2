package metric

import (
	"fmt"
	"time"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/scrape"
)

// SetExpiry makes series expire that have not been updated for the given time. They disappear from the
// exposition and from memory within another quarter of that time. A time of 0 turns expiry off, even for a
// vector in a registry with [WithSeriesExpiry]. SetExpiry panics if the time is negative. It may be called at
// any time, and applies to all vectors that are curried from one another.
//
// No update is ever lost, even if the program has kept the instrument of an expired series: the series
// returns with the next scrape and starts anew. A counter or histogram then has only the updates since it
// expired, and a later start timestamp. Prometheus sees a series that ended and a counter that was reset, and
// functions such as rate account for both. Gauges, infos and state sets return with their new value. If a
// limit leaves no room for the series, the overflow series gets the updates; see [MetricVec.SetLimit].
//
// Looking up a gauge or state set that has expired may return a new one or one with its old value. So set it
// before you change it by a method that depends on the old value, such as Add.
//
// Every update counts, including setting a gauge to the value it already has. Adding 0 to a counter does not
// count, nor does looking up a series without updating it. A gauge that was last changed by Inc, Dec, Add or
// Sub expires only when it is 0, because the next change relies on its value.
//
// A vector of [NewMetricVec] cannot see the updates of its metrics. For such a vector, looking up a series
// counts as an update, and updates of a metric are lost after its series has expired.
//
// An expiry does not slow down updates. Eight times within the given time, a timer checks every series, for
// some 20 ns. An expired series keeps some memory until the garbage collector finds that the program no
// longer uses it.
func (v *MetricVec) SetExpiry(after time.Duration) {
	checkExpiry(after)
	v.core.SetExpiry(after, true)
}

// WithSeriesExpiry makes the series of all registered vectors expire; see [MetricVec.SetExpiry]. An expiry
// that is set for a vector itself takes precedence. If a vector is in several registries, the shortest time
// applies. The expiry remains in force after the vector is unregistered. WithSeriesExpiry panics if the time
// is negative.
func WithSeriesExpiry(after time.Duration) RegistryOption {
	checkExpiry(after)
	return registryOption(func(r *scrape.Registry) {
		if after == 0 {
			return
		}
		scrape.KnowVectors(vectorIn)
		r.Expire(func(vector instrument.Core) { vector.SetExpiry(after, false) })
	})
}

func checkExpiry(after time.Duration) {
	if after < 0 {
		panic(fmt.Errorf("series cannot expire after %v: the time must be positive, or 0 for never", after))
	}
}
