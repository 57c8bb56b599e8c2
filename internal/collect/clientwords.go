package collect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/merge"
)

// writeError reports that the Write of a metric has failed.
type writeError struct {
	info *clientgolang.Info
	desc *prometheus.Desc
	err  error
}

// Error names the metric and says what went wrong. The help is part of the text, because a metric that
// reports an error has no other place for what the collector was doing.
func (e *writeError) Error() string {
	const maxHelp = 200
	help := e.info.Help
	if len(help) > maxHelp {
		help = strings.ToValidUTF8(help[:maxHelp], "") + "…"
	}
	if help != "" {
		help = fmt.Sprintf(" (%q)", help)
	}
	return fmt.Sprintf("error collecting metric %q%s: %v", e.info.Name, help, e.err)
}

func (e *writeError) Unwrap() error { return e.err }

// aboutSample returns err with the name of the metric that the sample is from.
func aboutSample(info *clientgolang.Info, err error) error {
	if errors.Is(err, info.Err) {
		return fmt.Errorf("sample with an invalid descriptor: %w", err)
	}
	return fmt.Errorf("sample of metric %q: %w", info.Name, err)
}

// clientWordsError is an error with the text of client_golang.
type clientWordsError struct {
	text string
	err  error
}

func (e *clientWordsError) Error() string { return e.text }
func (e *clientWordsError) Unwrap() error { return e.err }

// InClientWords returns err with the text that client_golang uses for it, if that differs from the text of
// this library. Registries and Gatherers of client_golang use different texts.
func InClientWords(err error, ofGatherers bool) error {
	switch e := err.(type) { //nolint:errorlint // What wraps one of these has a text of its own.
	case *writeError:
		return &clientWordsError{fmt.Sprintf("error collecting metric %v: %v", e.desc, e.err), err}
	case *merge.ConflictError:
		switch {
		case e.Of == merge.Unit: // client_golang does not check units.
		case ofGatherers:
			return &clientWordsError{fmt.Sprintf("gathered metric family %s %s", e.Family, e.Predicate()), err}
		case e.Of == merge.Type:
			return &clientWordsError{fmt.Sprintf("collected metric %s {%s} should be %s: it %s", e.Family, e.Labels, aType(e.Want), e.Predicate()), err}
		}
	}
	return err
}

// aType returns a type, given as in protobuf, with its article.
func aType(constant string) string {
	if constant == "UNTYPED" {
		return "Untyped"
	}
	return "a " + constant[:1] + strings.ToLower(constant[1:])
}
