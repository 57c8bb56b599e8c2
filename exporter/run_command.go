package exporter

import (
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

// command is the command line of an exporter.
type command struct {
	app    *kingpin.Application
	output io.Writer
	check  bool // the value of --config.check
}

// newCommand returns the command line of a program that has no other commands.
func newCommand(config *Config, addFlags func(Flagger)) *command {
	c := &command{app: kingpin.New(config.Name, config.Description), output: config.Output}
	if c.output == nil {
		c.output = os.Stdout
	}
	c.app.UsageWriter(c.output).ErrorWriter(c.output)
	c.app.Terminate(func(status int) { panic(terminated(status)) })
	c.app.HelpFlag.Short('h')
	c.app.Version(version.Print(config.Name))
	c.app.Flag("config.check", "Check the configuration files, print the result and exit.").BoolVar(&c.check)
	addFlags(c.app)
	return c
}

// terminated is the value with which kingpin panics instead of exiting.
type terminated int

// parse parses the arguments. The result ended reports whether they only asked for output, such as
// --help. In that case parse has printed the output.
func (c *command) parse(args []string) (ended bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			status, ok := v.(terminated)
			if !ok {
				panic(v)
			}
			if ended = true; status != 0 {
				err = fmt.Errorf("the arguments could not be processed (status %d)", int(status))
			}
		}
	}()
	if _, err := c.app.Parse(args); err != nil {
		if name := c.culprit(args, err); name != "" {
			err = fmt.Errorf("--%s: %w", name, err)
		}
		return false, fmt.Errorf("%w; try --help", err)
	}
	return false, nil
}

// culprit returns the name of the flag whose value causes this error, or "". Kingpin's errors about
// values do not contain it.
func (c *command) culprit(args []string, err error) string {
	context, parseErr := c.app.ParseContext(args)
	if parseErr != nil {
		return "" // The error is about a name rather than a value.
	}
	for _, element := range context.Elements {
		flag, ok := element.Clause.(*kingpin.FlagClause)
		if !ok || element.Value == nil {
			continue
		}
		model := flag.Model()
		if again := model.Value.Set(*element.Value); again != nil && again.Error() == err.Error() {
			return model.Name
		}
	}
	return ""
}
