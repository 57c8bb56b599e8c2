package metric_test

import (
	"flag"
	"slices"
	"strings"
)

// What the chaos demands of the library besides what it has always demanded.
const (
	patience         = "patience"          // An impatient client costs a patient one nothing.
	reading          = "reading"           // A client that does not read is cut off.
	obedience        = "obedience"         // What is sent when the context ends is served.
	floods           = "floods"            // Floods are bounded, in memory and in time.
	gatherers        = "gatherers"         // Gatherers that hang cost others nothing, and do not pile up.
	uniqueNames      = "names"             // Nothing is written twice, whatever it is escaped to.
	streamDuplicates = "stream-duplicates" // Nor by a single stream.
)

// pendingDemands are those that are not met yet. An entry goes when its demand is met, and
// this file goes with the last one.
var pendingDemands = flag.String("pending", strings.Join([]string{
	patience, reading, obedience, floods, gatherers, uniqueNames, streamDuplicates,
}, ","), "demands of the chaos that are not met yet")

// demanded reports whether the checks of a demand are to be made.
func demanded(demand string) bool {
	return !slices.Contains(strings.Split(*pendingDemands, ","), demand)
}
