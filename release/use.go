package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// checkUse does what users do: in an empty folder, it gets all published modules, builds and runs a program
// that imports all their packages, and installs their commands.
func checkUse(ctx context.Context, r *report, c *clone, all modules, version, work string) error {
	dir := filepath.Join(work, "next")
	if err := c.tools.program(ctx, dir, all.atVersions(func(*mod) string { return version })); err != nil {
		r.fail("a program cannot require the modules: %v", err)
		return nil
	}
	packages, err := c.tools.packages(ctx, dir, all[0].path)
	if err != nil {
		return err
	}
	var imports, commands []listed
	for _, p := range packages {
		if p.name == "main" {
			commands = append(commands, p)
		} else {
			imports = append(imports, p)
		}
	}
	if err := buildProgram(ctx, c.tools, dir, imports); err != nil {
		r.fail("a program with all packages does not run: %v", err)
	} else {
		r.pass("a program in an empty folder runs with all %d packages of the published modules", len(imports))
	}
	for _, command := range commands {
		if err := install(ctx, c.tools, filepath.Join(work, "bin"), command, version); err != nil {
			r.fail("%s cannot be installed: %v", command.path, err)
		} else {
			r.pass("go install %s@%s", command.path, version)
		}
	}
	return nil
}

// atVersions returns the published modules in the form path@version, without those that have none.
func (all modules) atVersions(version func(*mod) string) []string {
	var list []string
	for _, m := range all.publishedOnes() {
		if v := version(m); v != "" {
			list = append(list, m.path+"@"+v)
		}
	}
	return list
}

// buildProgram makes a program of the module in dir that imports packages, and runs it.
func buildProgram(ctx context.Context, tools *toolchain, dir string, packages []listed) error {
	var text strings.Builder
	text.WriteString("package main\n\nimport (\n")
	for _, p := range packages {
		fmt.Fprintf(&text, "\t_ %q\n", p.path)
	}
	text.WriteString(")\n\nfunc main() {}\n")
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text.String()), 0o600); err != nil {
		return err
	}
	program := filepath.Join(dir, "program.exe")
	if _, err := tools.run(ctx, dir, "build", "-mod=mod", "-o", program, "."); err != nil {
		return err
	}
	_, err := run(exec.CommandContext(ctx, program)) //nolint:gosec // It was just built.
	return err
}

// install installs a command by its version, and checks which version the program says that it is.
func install(ctx context.Context, tools *toolchain, bin string, command listed, version string) error {
	if _, err := tools.runWith(ctx, []string{"GOBIN=" + bin}, "", "install", command.path+"@"+version); err != nil {
		return err
	}
	name := path.Base(command.path)
	info, err := tools.run(ctx, bin, "version", "-m", name)
	if err != nil {
		info, err = tools.run(ctx, bin, "version", "-m", name+".exe")
	}
	if err != nil {
		return err
	}
	if want := "\tmod\t" + command.module + "\t" + version; !strings.Contains(string(info), want) {
		return fmt.Errorf("the program is not of version %s:\n%s", version, info)
	}
	return nil
}
