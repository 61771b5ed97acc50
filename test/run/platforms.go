// Command platforms says whether the packages of the module it is called in compile for other platforms, tests included:
//
//	go run platforms.go GO GOOS/GOARCH…
//
// GO is the go command to ask. Everything is read from source and type-checked, our own packages whole, those of others as far
// as ours can see them. `go vet` says the same, but compiles every dependency for every platform first, which takes minutes
// where nothing is cached.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: platforms GO GOOS/GOARCH…")
		os.Exit(2)
	}
	files := sources{set: token.NewFileSet(), parsed: map[string]*ast.File{}}
	failed := false
	for _, platform := range os.Args[2:] {
		goos, goarch, _ := strings.Cut(platform, "/")
		packages, err := list(os.Args[1], goos, goarch)
		if err == nil {
			err = check(files, packages, goarch)
		}
		if err != nil {
			failed = true
			fmt.Printf("%s:\n%v\n", platform, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Name, Dir string
	GoFiles               []string
	// ImportMap says which package an import means, where that is not the one of that path.
	ImportMap map[string]string
	Module    *struct {
		Main      bool
		GoVersion string
	}
	Error *struct{ Err string }
}

// list gives every package that ours need, each after those that it imports.
func list(program, goos, goarch string) ([]listed, error) {
	list := exec.Command(program, "list", "-e", "-deps", "-test", "-json=ImportPath,Name,Dir,GoFiles,ImportMap,Module,Error", "./...")
	list.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []listed
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

// check gives all that does not compile in our packages.
func check(files sources, packages []listed, goarch string) error {
	checked := map[string]*types.Package{"unsafe": types.Unsafe}
	var found []error
	for _, p := range packages {
		ours := p.Module != nil && p.Module.Main
		if ours && p.Error != nil {
			found = append(found, errors.New(p.Error.Err))
		}
		// What the go command writes by itself to run tests is nowhere before it is compiled.
		if p.ImportPath == "unsafe" || p.Name == "main" && strings.HasSuffix(p.ImportPath, ".test") {
			continue
		}
		config := types.Config{
			Importer: importer{checked, p.ImportMap}, Sizes: types.SizesFor("gc", goarch), IgnoreFuncBodies: !ours,
			Error: func(err error) {
				if ours {
					found = append(found, err)
				}
			},
		}
		if p.Module != nil && p.Module.GoVersion != "" {
			config.GoVersion = "go" + p.Module.GoVersion
		}
		parsed, err := files.of(p)
		if err != nil {
			found = append(found, err)
			continue
		}
		// "a [a.test]" is a as its tests see it.
		path, _, _ := strings.Cut(p.ImportPath, " ")
		checked[p.ImportPath], _ = config.Check(path, files.set, parsed, nil) // its errors have gone to Error
	}
	return errors.Join(found...)
}

// importer finds what has been checked.
type importer struct {
	checked map[string]*types.Package
	mapped  map[string]string
}

// Import implements types.Importer.
func (i importer) Import(path string) (*types.Package, error) {
	if other, ok := i.mapped[path]; ok {
		path = other
	}
	if p := i.checked[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no package %s for this platform", path)
}

// sources are read once for all platforms.
type sources struct {
	set    *token.FileSet
	parsed map[string]*ast.File
}

func (s sources) of(p listed) ([]*ast.File, error) {
	var all []*ast.File
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		if s.parsed[path] == nil {
			file, err := parser.ParseFile(s.set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			s.parsed[path] = file
		}
		all = append(all, s.parsed[path])
	}
	return all, nil
}
