// Package collect turns foreign collectors into runs of the engine. It asks them for their descriptors,
// reads the metrics that they send into plain samples, and adds prefixes and labels. A bad metric costs
// only itself.
package collect
