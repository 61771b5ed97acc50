package engine

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Only the engine and the data path use types of wireguard-go, so that another engine can replace it.
func TestOnlyEngineAndDataPathImportWireGuardGo(t *testing.T) {
	root := filepath.Join("..", "..")
	found := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		inside, _ := filepath.Rel(root, path)
		allowed := slices.ContainsFunc([]string{"internal/engine/", "internal/datapath/", "tools/engine/_added/"}, func(folder string) bool {
			return strings.HasPrefix(filepath.ToSlash(inside), folder)
		})
		for _, spec := range file.Imports {
			if strings.HasPrefix(spec.Path.Value, `"golang.zx2c4.com/wireguard`) {
				found++
				if !allowed {
					t.Errorf("%s imports %s", inside, spec.Path.Value)
				}
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d imports found, %v", found, err)
	}
}
