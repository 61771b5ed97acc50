package layers

import (
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's folder, architecture the page with the diagram.
const (
	root         = "../.."
	architecture = "../../../docs/architecture.md"
)

func TestImports(t *testing.T) {
	all := sources(t)
	wrong, needed := check(all)
	for _, w := range append(wrong, reached(all)...) {
		t.Error(w)
	}
	for _, e := range exceptions {
		if !needed[e] {
			t.Errorf("the exception of %s for %s is not needed", e.from, e.to)
		}
		if e.reason == "" {
			t.Errorf("the exception of %s for %s has no reason", e.from, e.to)
		}
	}
}

// A group may only import earlier ones, so that there are no cycles between groups.
func TestGroupsAreOrdered(t *testing.T) {
	before := map[string]bool{}
	for _, g := range groups {
		for _, name := range g.may {
			if !before[name] {
				t.Errorf("%s may import %s, which is not a lower layer", g.name, name)
			}
		}
		before[g.name] = true
	}
}

func TestDiagramMatchesTable(t *testing.T) {
	page, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	if want := "```\n" + diagram() + "```\n"; !strings.Contains(string(page), want) {
		t.Errorf("docs/architecture.md does not have this diagram:\n%s", want)
	}
}

func TestForbiddenImportsAreReported(t *testing.T) {
	of := func(place string, imports ...string) file {
		folder, name := filepath.Split(place)
		return file{folder: strings.TrimSuffix(folder, "/"), name: name, imports: imports, linux: strings.HasSuffix(name, "_linux.go")}
	}
	for name, c := range map[string]struct {
		file file
		want string
	}{
		"host network → tunnel":     {of("internal/hostnet/plan/plan.go", module+"internal/tunnel"), "(hostnet) imports internal/tunnel (tunnel)"},
		"host network → service":    {of("internal/hostnet/plan/plan.go", module+"internal/service"), "(hostnet) imports internal/service (service)"},
		"state machine → protobuf":  {of("internal/tunnel/fsm/machine.go", "google.golang.org/protobuf/proto"), "which is for"},
		"state machine → contracts": {of("internal/tunnel/fsm/machine.go", module+"gen/sag/types/v1"), "(fsm) imports gen/sag/types/v1 (contracts)"},
		"tunnel → control":          {of("internal/tunnel/tunnel.go", module+"internal/control"), "(tunnel) imports internal/control (control)"},
		"proxy → wireguard":         {of("internal/proxy/socks/server.go", "golang.zx2c4.com/wireguard/device"), "which is for internal/engine/..."},
		"nftables on every system":  {of("internal/hostnet/lockdown/rules.go", "github.com/google/nftables"), "which is for files for Linux"},
		"product → a test's helper": {of("internal/proxy/socks/server.go", module+"internal/proxy/proxytest"), "which is for tests"},
		"access point → tunnel":     {of("internal/accesspoint/point.go", module+"internal/tunnel"), "(accesspoint) imports internal/tunnel (tunnel)"},
		"a package in no group":     {of("internal/stray/stray.go"), "is in no group"},
		"allowed":                   {of("internal/tunnel/tunnel.go", module+"internal/tunnel/fsm", module+"internal/failure"), ""},
		"allowed by an exception":   {of("internal/tunnel/tunnel.go", module+"internal/hostnet/dns"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			wrong, _ := check([]file{c.file})
			if c.want == "" && len(wrong) > 0 || c.want != "" && !strings.Contains(strings.Join(wrong, "\n"), c.want) {
				t.Errorf("%q", wrong)
			}
		})
	}
}

// An import of a pure package is followed through other packages to protobuf.
func TestIndirectImportsAreReported(t *testing.T) {
	machine := file{folder: "internal/tunnel/fsm", name: "state.go", imports: []string{module + "internal/session"}}
	model := file{folder: "internal/session", name: "model.go", imports: []string{"time", module + "internal/secret"}}
	if wrong := reached([]file{machine, model}); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
	model.imports = append(model.imports, module+"internal/limits")
	limits := file{folder: "internal/limits", name: "limits.go", imports: []string{"google.golang.org/protobuf/proto"}}
	wrong := reached([]file{machine, model, limits})
	if want := "internal/tunnel/fsm → internal/session → internal/limits → google.golang.org/protobuf/proto"; !slices.Contains(wrong, want) {
		t.Errorf("%q", wrong)
	}
}

// sources are the non-test files of all programs, for every operating system.
func sources(t *testing.T) []file {
	t.Helper()
	var files []file
	for _, top := range []string{"cmd", "internal", "gen"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
			if err != nil {
				return err
			}
			folder, _ := filepath.Rel(root, filepath.Dir(path))
			f := file{folder: filepath.ToSlash(folder), name: entry.Name(), linux: strings.HasSuffix(path, "_linux.go")}
			for _, group := range parsed.Comments {
				for _, line := range group.List {
					if expression, err := constraint.Parse(line.Text); err == nil {
						f.linux = f.linux || !expression.Eval(func(tag string) bool { return tag != "linux" })
					}
				}
			}
			for _, spec := range parsed.Imports {
				to, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				f.imports = append(f.imports, to)
			}
			files = append(files, f)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	folders := map[string]bool{}
	for _, f := range files {
		folders[f.folder] = true
	}
	for _, g := range groups {
		for _, p := range g.packages {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(folders)), func(folder string) bool { return matches(p, folder) > 0 }) {
				t.Errorf("no package %s", p)
			}
		}
	}
	for _, p := range forTests {
		if !folders[p] {
			t.Errorf("no package %s", p)
		}
	}
	return files
}
