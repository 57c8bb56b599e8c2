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
	check  bool // --config.check
}

// newCommand returns a command line with the flags of a program that runs nothing else.
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

// terminated is what kingpin is made to panic with where it would exit.
type terminated int

// parse parses the arguments. Ended reports whether they asked for nothing else than what has been
// printed, such as --help.
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

// culprit returns the name of the flag whose value causes this error, or "". Kingpin's errors
// about values do not have it.
func (c *command) culprit(args []string, err error) string {
	context, parseErr := c.app.ParseContext(args)
	if parseErr != nil {
		return "" // It is about names, not about values.
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
