package main

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/packages"

	// The packages to compare must be dependencies of this module.
	_ "github.com/prometheus/client_golang/prometheus/collectors/version"
	_ "github.com/prometheus/client_golang/prometheus/graphite"
	_ "github.com/prometheus/client_golang/prometheus/promauto"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd"
	_ "github.com/prometheus/client_golang/prometheus/push"
	_ "github.com/prometheus/client_golang/prometheus/testutil"
	_ "github.com/prometheus/client_golang/prometheus/testutil/promlint/validations"

	_ "github.com/luxfi/metric/collectors/version"
	_ "github.com/luxfi/metric/graphite"
	_ "github.com/luxfi/metric/promauto"
	_ "github.com/luxfi/metric/promhttp/zstd"
	_ "github.com/luxfi/metric/push"
	_ "github.com/luxfi/metric/testutil"
	_ "github.com/luxfi/metric/testutil/promlint/validations"
)

const (
	theirRoot = "github.com/prometheus/client_golang/prometheus"
	ourRoot   = "github.com/luxfi/metric"
)

// pairs are the paths of the packages to compare, below the roots.
var pairs = []string{
	"", "/promauto", "/promhttp", "/promhttp/zstd", "/collectors", "/collectors/version", "/push", "/graphite", "/testutil", "/testutil/promlint",
	"/testutil/promlint/validations",
}

// load loads the packages of all pairs at once, so that a type that several packages use is the
// same in all of them. The keys of the result are import paths.
func load() (map[string]*types.Package, error) {
	var paths []string
	for _, pair := range pairs {
		paths = append(paths, theirRoot+pair, ourRoot+pair)
	}
	found, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports}, paths...)
	if err != nil {
		return nil, err
	}
	loaded := make(map[string]*types.Package)
	for _, p := range found {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("loading %s: %w", p.PkgPath, p.Errors[0])
		}
		loaded[p.PkgPath] = p.Types
	}
	for _, path := range paths {
		if loaded[path] == nil {
			return nil, fmt.Errorf("loading %s: there is no such package", path)
		}
	}
	return loaded, nil
}
