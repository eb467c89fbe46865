package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says which of our packages each may import: arrows go down, only down. A package
// that is not listed may import none of ours.
var arrows = map[string][]string{
	"cmd/elbow":          {"web", "store", "engine", "engine/ident", "engine/network"},
	"web":                {"views", "views/ui", "views/i18n", "static", "engine", "engine/compute", "engine/elb", "engine/network", "engine/fault", "engine/event", "engine/ident"},
	"views":              {"views/ui", "views/i18n", "static", "engine", "engine/compute", "engine/elb", "engine/network", "engine/fault"},
	"views/ui":           {"views/i18n", "static", "engine/fault"},
	"views/i18n":         {"engine/fault"},
	"store":              {"engine", "engine/compute", "engine/elb", "engine/network", "engine/fault", "engine/ident"},
	"engine":             {"engine/compute", "engine/elb", "engine/network", "engine/fault", "engine/event", "engine/ident", "engine/pace"},
	"engine/compute":     {"engine/network", "engine/fault", "engine/ident", "engine/pace"},
	"engine/elb":         {"engine/elb/proxy", "engine/elb/balance", "engine/elb/health", "engine/network", "engine/fault", "engine/ident", "engine/pace"},
	"engine/elb/proxy":   {"engine/elb/balance"},
	"engine/elb/health":  {"engine/pace"},
	"engine/elb/balance": nil,
	"engine/network":     {"engine/fault", "engine/ident"},
}

// keepers are the only packages that may import what they keep from the others.
var keepers = map[string][]string{
	"github.com/labstack/echo/v4": {"web"},
	"database/sql":                {"store"},
	"modernc.org/sqlite":          {"store"},
	"github.com/a-h/templ":        {"web", "views", "views/ui"},
}

func TestArrowsGoDown(t *testing.T) {
	imports := importsOfTheHouse(t, filepath.Join("..", ".."))
	for pkg, all := range imports {
		for imported := range all {
			ours, isOurs := strings.CutPrefix(imported, "elbow/")
			if isOurs && !slices.Contains(arrows[pkg], ours) {
				t.Errorf("%s imports %s: that arrow goes up or sideways", pkg, ours)
			}
			for kept, by := range keepers {
				if (imported == kept || strings.HasPrefix(imported, kept+"/")) && !slices.Contains(by, pkg) {
					t.Errorf("%s imports %s, which belongs to %v alone", pkg, imported, by)
				}
			}
		}
	}
	for pkg := range arrows {
		if len(imports[pkg]) == 0 {
			t.Errorf("no package %s: the list of arrows is stale", pkg)
		}
	}
}

// importsOfTheHouse reads what every package of the module imports outside its tests.
func importsOfTheHouse(t *testing.T, root string) map[string]map[string]bool {
	imports := map[string]map[string]bool{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "vendor") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if imports[pkg] == nil {
			imports[pkg] = map[string]bool{}
		}
		for _, spec := range file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			imports[pkg][name] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}
