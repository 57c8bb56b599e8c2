package migrate

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
)

// options are the values of the flags and arguments.
type options struct {
	dir       string
	dryRun    bool
	revert    bool
	version   string
	replace   string
	tags      []string
	platforms string
	partial   bool
	tidy      bool
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: migrate [flags] [dir/...]\n\n"+
			"migrate moves a module from client_golang to github.com/luxfi/metric, and back.\n\n")
		flags.PrintDefaults()
		fmt.Fprint(stderr, "\nexit codes: 0 done, or nothing to do; 1 the module does not compile before or afterwards; 2 other errors\n")
	}
	flags.BoolVar(&o.dryRun, "n", false, "print the differences, and change nothing")
	flags.BoolVar(&o.revert, "revert", false, "go back to client_golang; versions that the migration has raised in go.mod stay")
	flags.StringVar(&o.version, "version", "latest", "require this `version` of "+load.Root)
	flags.StringVar(&o.replace, "replace", "", "use the copy of "+load.Root+" in this `folder`")
	flags.Func("tags", "also build with these tags, separated by commas; may be repeated", func(tags string) error {
		o.tags = append(o.tags, tags)
		return nil
	})
	flags.StringVar(&o.platforms, "platforms", "", "build for these `platforms`, such as linux/amd64,windows/amd64")
	flags.BoolVar(&o.partial, "partial", false, "write the files even if the module does not compile afterwards")
	flags.BoolVar(&o.tidy, "tidy", true, "run go mod tidy")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch flags.NArg() {
	case 0:
		o.dir = "."
	case 1:
		o.dir = filepath.Clean(strings.TrimSuffix(flags.Arg(0), "..."))
	default:
		return nil, fmt.Errorf("migrate: got %d arguments, want the folder of one module", flags.NArg())
	}
	return o, nil
}

// builds returns the builds to check: without tags and with each set of tags, for each platform.
func (o *options) builds() ([]load.Build, error) {
	platforms := []string{""}
	if o.platforms != "" {
		platforms = strings.Split(o.platforms, ",")
	}
	var builds []load.Build
	for _, platform := range platforms {
		if system, arch, ok := strings.Cut(platform, "/"); platform != "" && (!ok || system == "" || arch == "") {
			return nil, fmt.Errorf("migrate: -platforms: %q is not of the form linux/amd64", platform)
		}
		for _, tags := range append([]string{""}, o.tags...) {
			builds = append(builds, load.Build{Platform: platform, Tags: tags})
		}
	}
	return builds, nil
}
