// Command migrate moves a Go module from github.com/prometheus/client_golang/prometheus to
// github.com/luxfi/metric, and back.
//
//	go run github.com/luxfi/metric/cmd/migrate@latest ./...
//
// It rewrites the imports of the module, and type-checks the result. Where the module passes
// a vector to a library that wants one of client_golang's, it inserts a bridge; where a
// signature or a variable has to be of client_golang's type, it names that; where a variable
// has to hold any counter or gauge, it gives it that type. It prints what it did, and what
// compiles and needs a look. Then it adds the requirement to go.mod and tidies it.
//
// With -revert, it goes back. Versions that the migration has raised in go.mod stay, since it does
// not know which they were: with the go.mod and go.sum of before, from version control, and go mod
// tidy, the module is as it was.
//
// The argument is the folder of the module, with or without /..., and by default the current
// one. The flags are:
//
//	-n            print the differences, and change nothing
//	-revert       go back to client_golang
//	-version v    require this version of github.com/luxfi/metric (default latest)
//	-replace dir  use the copy of github.com/luxfi/metric in a folder
//	-tags list    build with these tags, separated by commas, too; may be repeated
//	-platforms l  build for these platforms, such as linux/amd64,windows/amd64
//	-partial      write the files even if the module does not compile then
//	-tidy=false   do not run go mod tidy
//
// A module that does not compile before, or would not afterwards, stays as it is. The exit
// code is 0 if the module compiles after the migration or there was nothing to do, 1 if the
// module does not compile before or afterwards, and 2 for all other errors. Under go run,
// it is printed, and the exit code of go run itself is 1.
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
