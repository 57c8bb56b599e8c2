//go:build arm64 || ppc64 || ppc64le || s390x

package stripe

// lineSize is the distance in bytes at which two cores do not disturb each other. Some of these
// processors have cache lines of 128 bytes.
const lineSize = 128
