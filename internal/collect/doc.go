// Package collect turns the collectors of others into runs of the engine: it asks them for their
// descriptors, reads the metrics that they send into plain samples, and puts prefixes and labels
// around them. What is wrong with one metric costs only that one.
package collect
