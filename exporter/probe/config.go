package probe

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// Defaults of [Targets].
const (
	defaultMaxConcurrent = 100
	defaultMaxPerTarget  = 4
)

// Config is the part of a configuration file that configures probes.
type Config struct {
	// Modules maps names to modules. If the map is empty and the program has a single prober that works
	// without settings, a module "default" with its default settings exists.
	Modules map[string]yaml.Node `yaml:"modules,omitempty"`
	// Targets limits the allowed targets and the number of concurrent probes.
	Targets Targets `yaml:"targets,omitempty"`
}

// Targets limits the allowed targets and the number of concurrent probes. The package documentation
// describes the patterns.
type Targets struct {
	// Allow lists patterns of allowed targets. If it is empty, all targets are allowed except
	// link-local addresses, unspecified addresses, and the addresses of cloud metadata services.
	Allow []string `yaml:"allow,omitempty"`
	// Deny lists patterns of targets that are refused even if Allow matches them.
	Deny []string `yaml:"deny,omitempty"`
	// MaxConcurrent is how many probes may run at the same time. The default is 100.
	MaxConcurrent int `yaml:"max_concurrent,omitempty"`
	// MaxPerTarget is how many probes of one target by one module may run at the same time. The default
	// is 4.
	MaxPerTarget int `yaml:"max_per_target,omitempty"`
}

// UnmarshalYAML decodes targets. Errors about unknown keys and invalid patterns include the line.
func (t *Targets) UnmarshalYAML(node *yaml.Node) error {
	type plain Targets
	if err := strictyaml.Decode("", node, (*plain)(t)); err != nil {
		return err
	}
	var errs []error
	for key, texts := range map[string][]string{"allow": t.Allow, "deny": t.Deny} {
		list := valueOf(node, key)
		for i, text := range texts {
			if _, err := parsePattern(text); err != nil {
				item := resolved(list.Content[i])
				errs = append(errs, strictyaml.At("", fmt.Sprintf("%s[%d]", key, i), item, err))
			}
		}
	}
	if err := t.checkNumbers(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (t *Targets) checkNumbers() error {
	var errs []error
	if t.MaxConcurrent < 0 {
		errs = append(errs, fmt.Errorf("max_concurrent is %d; it must be at least 1", t.MaxConcurrent))
	}
	if t.MaxPerTarget < 0 {
		errs = append(errs, fmt.Errorf("max_per_target is %d; it must be at least 1", t.MaxPerTarget))
	}
	return errors.Join(errs...)
}

func (t *Targets) clone() Targets {
	c := *t
	c.Allow, c.Deny = slices.Clone(t.Allow), slices.Clone(t.Deny)
	return c
}
