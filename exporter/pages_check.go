package exporter

import (
	"fmt"
	"slices"
	"strings"
)

// reservedPaths are the paths of this package's own pages, without trailing slashes. Everything under
// reservedTrees is reserved, too.
var (
	reservedPaths = []string{"", "/metrics", "/status", "/config", "/probe", "/probes"}
	reservedTrees = []string{"/-", "/debug/pprof"}
)

// isReserved reports whether this package reserves a path for its own pages.
func isReserved(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return slices.Contains(reservedPaths, path) || slices.ContainsFunc(reservedTrees, func(tree string) bool {
		return path == tree || strings.HasPrefix(path, tree+"/")
	})
}

// checkPages returns an error if a page of the program has no handler, or has a path that is invalid or
// taken. A path that ends with a slash stands for everything under it.
func checkPages(pages []Page) error {
	seen := map[string]bool{}
	for _, page := range pages {
		if err := checkPath(page.Path); err != nil && page.Path != "/" {
			return fmt.Errorf("path of the page %q: %w", page.Title, err)
		}
		trimmed := strings.TrimSuffix(page.Path, "/")
		switch {
		case isReserved(page.Path):
			return fmt.Errorf("path of the page %q: %q is the path of a page that every exporter has; choose another one", page.Title, page.Path)
		case seen[trimmed]:
			return fmt.Errorf("path of the page %q: another page has the path %q", page.Title, page.Path)
		case page.Handler == nil:
			return fmt.Errorf("page %q has no handler", page.Path)
		}
		seen[trimmed] = true
	}
	return nil
}
