package exporter

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kingpin/v2"
)

// enablingFlags are the values of the flags that enable collectors and change their policies.
type enablingFlags struct {
	collectors      map[string]*enablingFlag
	disableDefaults bool
	policies        policyFlags
}

// enablingFlag is the value of a flag --[no-]collector.<name>.
type enablingFlag struct{ value, set bool }

// add registers these flags and the collectors' own flags.
func (e *enablingFlags) add(f Flagger, offered []Collector) {
	e.collectors = make(map[string]*enablingFlag)
	for i := range offered {
		c := &offered[i]
		if c.always {
			continue
		}
		flag := new(enablingFlag)
		e.collectors[c.Name] = flag
		help := fmt.Sprintf("Enable the %s collector", c.Name)
		if c.Help != "" {
			help += ": " + c.Help
		}
		state := "enabled"
		if c.Disabled {
			state = "disabled"
		}
		f.Flag("collector."+c.Name, fmt.Sprintf("%s (default: %s).", help, state)).
			Default(fmt.Sprint(!c.Disabled)).IsSetByUser(&flag.set).BoolVar(&flag.value)
		if c.Flags != nil {
			c.Flags(prefixedFlags{f, "collector." + c.Name + "."})
		}
	}
	f.Flag("collector.disable-defaults", "Set all collectors to disabled by default.").BoolVar(&e.disableDefaults)
	f.Flag("collector.policy", "How a collector is run, as in `backups:timeout=5s,cache=30s`; * stands for all. Repeatable.").
		PlaceHolder("<collector>:<policy>").SetValue(&e.policies)
}

// prefixedFlags registers flags under a prefix.
type prefixedFlags struct {
	Flagger
	prefix string
}

// enabled reports whether a collector is enabled. Section is the value in the configuration file, or nil if
// the file does not mention the collector.
func (e *enablingFlags) enabled(c *Collector, section *bool) bool {
	if c.always {
		return true
	}
	switch flag := e.collectors[c.Name]; {
	case flag != nil && flag.set:
		return flag.value
	case section != nil:
		return *section
	default:
		return !c.Disabled && (flag == nil || !e.disableDefaults)
	}
}

// change returns p with the changes that flags make to the collector's policy. Later flags win.
func (e *enablingFlags) change(collector string, p Policy) Policy {
	for _, flag := range e.policies {
		if flag.collector == collector || flag.collector == "*" {
			p = flag.change.apply(p)
		}
	}
	return p
}

// unknownCollectors returns an error for each policy flag that names a collector that does not exist.
func (e *enablingFlags) unknownCollectors(all []Collector) error {
	var errs []error
	for _, flag := range e.policies {
		known := flag.collector == "*"
		for i := range all {
			known = known || all[i].Name == flag.collector
		}
		if !known {
			errs = append(errs, fmt.Errorf("--collector.policy: %q: %w", flag.collector, unknownCollector(flag.collector, all)))
		}
	}
	return errors.Join(errs...)
}

// policyFlags are the values of --collector.policy. It is a kingpin.Value.
type policyFlags []policyFlag

type policyFlag struct {
	text      string
	collector string
	change    policyChange
}

// Set implements kingpin.Value.
func (p *policyFlags) Set(text string) error {
	collector, change, err := parsePolicyFlag(text)
	if err != nil {
		return err
	}
	*p = append(*p, policyFlag{text, collector, change})
	return nil
}

// String implements kingpin.Value.
func (p *policyFlags) String() string { return "" }

// IsCumulative makes kingpin accept the flag several times.
func (p *policyFlags) IsCumulative() bool { return true }

// Flag implements Flagger.
func (p prefixedFlags) Flag(name, help string) *kingpin.FlagClause {
	return p.Flagger.Flag(p.prefix+name, help)
}
