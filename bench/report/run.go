package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// runner runs the benchmarks of the current folder.
type runner struct {
	folder  string // temporary
	program string // the compiled benchmarks
	samples samples
	cpu     string
}

func newRunner(ctx context.Context) (*runner, error) {
	folder, err := os.MkdirTemp("", "report")
	if err != nil {
		return nil, err
	}
	r := &runner{folder: folder, program: filepath.Join(folder, "bench.test"), samples: make(samples)}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", r.program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		r.close()
		return nil, fmt.Errorf("compiling the benchmarks: %w\n%s", err, out)
	}
	return r, nil
}

func (r *runner) close() { _ = os.RemoveAll(r.folder) }

// run runs each set of benchmarks in each round and keeps the figures.
func (r *runner) run(ctx context.Context, sets []benchmarkRun, rounds int) error {
	for round := range rounds {
		for _, set := range sets {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, set.pattern)
			for range set.repeats {
				if err := r.once(ctx, set); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *runner) once(ctx context.Context, set benchmarkRun) error {
	var out bytes.Buffer
	run := exec.CommandContext(ctx, r.program, "-test.run", "^$", "-test.bench", set.pattern, "-test.benchtime", set.time)
	run.Stdout, run.Stderr = &out, os.Stderr
	if err := run.Run(); err != nil {
		return fmt.Errorf("running %s: %w\n%s", set.pattern, err, out.Bytes())
	}
	return r.read(&out)
}

// read adds the output of benchmarks to the samples.
func (r *runner) read(out io.Reader) error {
	results := benchfmt.NewReader(out, "")
	found := false
	for results.Scan() {
		result, ok := results.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		found = true
		r.cpu = result.GetConfig("cpu")
		name, peer := splitPeer(string(result.Name.Full()))
		for _, v := range result.Values {
			value, unit := v.Value, v.Unit
			if v.OrigUnit != "" { // benchfmt has converted the unit; this is the value in the reported one
				value, unit = v.OrigValue, v.OrigUnit
			}
			m := measure{name, peer, unit}
			r.samples[m] = append(r.samples[m], value)
		}
	}
	if !found {
		return errors.New("no benchmark has run")
	}
	return results.Err()
}

// splitPeer splits names like CounterInc/goroutines=1/peer=metric-2 into benchmark and peer. The number
// at the end, which may be missing, is GOMAXPROCS.
func splitPeer(full string) (name, peer string) {
	name, peer, _ = strings.Cut(full, "/peer=")
	if i := strings.LastIndexByte(peer, '-'); i >= 0 && strings.Trim(peer[i+1:], "0123456789") == "" {
		peer = peer[:i]
	}
	return name, peer
}
