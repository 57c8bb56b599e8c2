// Command release checks whether the repository can be released, and tags a release.
//
//	go run . [-version v]        checks the last commit, and changes nothing
//	go run . -tag -version v     checks it, and then adds the tags of the release
//
// The default version is the version of the newest section of CHANGELOG.md. The command never pushes: it
// prints the git command that does.
//
// It clones the repository into a temporary folder, and there makes the commits and tags of the release.
// The go command then treats the clone as the module's origin. So every check sees what users will get:
// tidy go.mod files without replace directives, an API that is compatible with the last version,
// and modules that a program in an empty folder can require and install. docs/releases.md describes the
// arrangement.
//
// The exit code is 1 if a check fails, and 2 if a check cannot be made.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	version := flag.String("version", "", "`version` to release, such as v0.2.0 (default: that of the newest section of CHANGELOG.md)")
	tag := flag.Bool("tag", false, "add the tags to the repository if all checks pass; needs -version")
	flag.Parse()
	if flag.NArg() > 0 || *tag && *version == "" {
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, *version, *tag)
	stop()
	os.Exit(code)
}

// command runs the checks for the repository around the current folder, and returns the exit code.
func command(ctx context.Context, version string, tag bool) int {
	r := &report{w: os.Stdout}
	if err := release(ctx, r, ".", metric, version, tag); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		return 2
	}
	if r.failures > 0 {
		return 1
	}
	return 0
}
