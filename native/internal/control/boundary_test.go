package control

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Only packages at the RPC boundary may import protobuf. The state machine, the tunnel, the service and hostnet use domain types.
func TestProtobufStaysAtTheBoundary(t *testing.T) {
	for _, dir := range []string{"tunnel", "service", "hostnet", "engine", "datapath", "netstack"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "tunneltest") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, i := range file.Imports {
				name, _ := strconv.Unquote(i.Path.Value)
				if strings.HasPrefix(name, "sag.software/native/gen/") || strings.HasPrefix(name, "google.golang.org/protobuf") {
					t.Errorf("%s imports %s", path, name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
