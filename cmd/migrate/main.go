// Command migrate moves a Go module from github.com/prometheus/client_golang/prometheus to
// github.com/luxfi/metric, and back.
//
//	go run github.com/luxfi/metric/cmd/migrate@latest ./...
//
// It rewrites the imports of the module, and type-checks the result. Where the module passes a vector to
// a library that requires one of client_golang's, it inserts a bridge. Where a signature or a variable
// must have client_golang's type, it names that type. Where a variable must hold any counter or gauge,
// it gives the variable that type. It prints what it did, and which code compiles but needs review. Then
// it adds the requirement to go.mod and tidies it.
//
// With -revert, it goes back. Versions that the migration has raised in go.mod stay, because the command
// does not know the earlier ones. To restore the module exactly, take the earlier go.mod and go.sum from
// version control and run go mod tidy.
//
// The argument is the folder of the module, with or without /..., and by default the current
// one. The flags are:
//
//	-n            print the differences, and change nothing
//	-revert       go back to client_golang
//	-version v    require this version of github.com/luxfi/metric (default latest)
//	-replace dir  use the copy of github.com/luxfi/metric in a folder
//	-tags list    also build with these tags, separated by commas; may be repeated
//	-platforms l  build for these platforms, such as linux/amd64,windows/amd64
//	-partial      write the files even if the module does not compile afterwards
//	-tidy=false   do not run go mod tidy
//
// A module that does not compile before the migration, or would not compile after it, stays as it is. The
// exit code is 0 if the module compiles after the migration or there was nothing to do, 1 if it does not
// compile before or after the migration, and 2 for all other errors. go run prints the exit code of the
// command, and its own exit code is then 1.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/luxfi/metric/cmd/migrate/internal/migrate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := migrate.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
