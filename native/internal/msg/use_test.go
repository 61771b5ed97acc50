package msg

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// source is a file of the product: no test, and of the generated files only en.go.
type source struct {
	path string
	file *ast.File
}

func sources(t *testing.T, set *token.FileSet) []source {
	var all []source
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && entry.Name() == "gen" {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		relative, _ := filepath.Rel(root, path)
		all = append(all, source{filepath.ToSlash(relative), file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Unused messages would be translated for nothing.
func TestEveryMessageIsUsed(t *testing.T) {
	declared, used := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t, token.NewFileSet()) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if s.path == "internal/msg/en.go" {
					declared[n.Name.Name] = true
				}
			case *ast.SelectorExpr:
				if id, ok := n.X.(*ast.Ident); ok && id.Name == "msg" {
					used[n.Sel.Name] = true
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && s.path == "internal/msg/message.go" {
					used[id.Name] = true
				}
			}
			return true
		})
	}
	if len(declared) < 50 {
		t.Fatalf("only %d messages were found", len(declared))
	}
	for name := range declared {
		if !used[name] {
			t.Errorf("no code uses msg.%s: remove it from common/text/en/tunnel.ts, and run npm run generate", name)
		}
	}
}

// sentence matches text of two or more words.
var sentence = regexp.MustCompile(`\pL{2,}\S* +\pL`)

var printing = regexp.MustCompile(`^F?[pP]rint`)

// Texts that users see are in common/text only. A literal of two or more words must not be
//   - anywhere in an argument of a function of package failure, or of a function of package msg,
//   - anywhere in an argument of fmt.Print…, fmt.Fprint… in package main,
//   - anywhere in a literal of failure.Failure, msg.Message, msg.Error, or of a Failure or Warning of the contract,
//   - anywhere in an argument of errors.New and fmt.Errorf in the packages whose errors are shown as they are.
//
// Texts of other errors and of log lines are for debugging and are English only.
func TestShownTextsAreInTheCatalogue(t *testing.T) {
	set := token.NewFileSet()
	for _, s := range sources(t, set) {
		if strings.HasPrefix(s.path, "internal/msg/") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			for _, literal := range literalsShown(n, strings.HasPrefix(s.path, "cmd/"), errorsShown.MatchString(s.path)) {
				t.Errorf("%s: %s belongs into common/text/en/tunnel.ts", set.Position(literal.Pos()), literal.Value)
			}
			return true
		})
	}
}

// errorsShown are the packages whose errors are shown to users: why the host's network could not be changed, why an access
// point rejects a peer, and what is wrong with an HTTP proxy request.
var errorsShown = regexp.MustCompile(`^internal/(hostnet/(captive|dns|journal|killswitch|lockdown|permit|plan|reconcile|route|sleep)/|hostnet/[a-z_]+\.go$|accesspoint/(sessiontable/taken|agent/convert_rules)\.go$|proxy/httpproxy/(body|head)\.go$)`)

// internal are errors in these packages that a caller handles, or that report a bug of this program.
var internal = map[string]bool{
	`"the head is too long"`: true,
	`"not HOST:PORT"`:        true,
	`"conflicting lengths"`:  true,
	`"invalid chunk"`:        true,
	`"an item of type %T"`:   true,
}

// literalsShown returns the sentences in a node that users may see.
func literalsShown(n ast.Node, prints, errorsToo bool) []*ast.BasicLit {
	var shown []ast.Node
	switch n := n.(type) {
	case *ast.CallExpr:
		pkg, name := qualified(n.Fun)
		if pkg == "failure" || pkg == "msg" || prints && pkg == "fmt" && printing.MatchString(name) ||
			errorsToo && (pkg == "errors" && name == "New" || pkg == "fmt" && name == "Errorf") {
			for _, argument := range n.Args {
				shown = append(shown, argument)
			}
		}
	case *ast.CompositeLit:
		switch pkg, name := qualified(n.Type); {
		case pkg == "failure" && name == "Failure", pkg == "msg", pkg == "typesv1" && (name == "Failure" || name == "Warning"), pkg == "session" && name == "Warning":
			for _, element := range n.Elts {
				shown = append(shown, element)
			}
		}
	}
	var found []*ast.BasicLit
	for _, part := range shown {
		ast.Inspect(part, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && sentence.MatchString(literal.Value) && !internal[literal.Value] {
				found = append(found, literal)
			}
			return true
		})
	}
	return found
}

func qualified(e ast.Expr) (pkg, name string) {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if id, ok := s.X.(*ast.Ident); ok {
			return id.Name, s.Sel.Name
		}
	}
	return "", ""
}

func TestLiteralsShown(t *testing.T) {
	for text, want := range map[string]int{
		`failure.New(failure.Unknown, msg.Foreign("the disk is full"))`:                  2,
		`failure.New(failure.Unknown, msg.Foreign("it is " + "no " + name + " at all"))`: 4,
		`fmt.Fprintln(os.Stderr, "the disk is full")`:                                    1,
		`&typesv1.Warning{Text: "the disk is full"}`:                                     1,
		`&failure.Failure{Field: "trust"}`:                                               0,
		`failure.Explain(errors.New(x), failure.Unknown)`:                                0,
		`logger.Warn("the disk is full")`:                                                0,
		`fmt.Errorf("%s leads to no file", path)`:                                        1,
		`errors.New("it does not answer")`:                                               1,
		`fmt.Errorf("%s: %w", path, err)`:                                                0,
	} {
		expression, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		ast.Inspect(expression, func(n ast.Node) bool {
			if n != nil {
				found += len(literalsShown(n, true, true))
			}
			return true
		})
		if found != want {
			t.Errorf("%s: found %d, want %d", text, found, want)
		}
	}
}

// Every shown error has a key, including those of the operating system.
func TestEveryErrorHasAKey(t *testing.T) {
	own := &Error{Message: DNSRefused()}
	for _, c := range []struct {
		err  error
		want Message
	}{
		{own, DNSRefused()},
		{fmt.Errorf("%w", own), DNSRefused()},
		{syscall.ENOSPC, SystemError(syscall.ENOSPC.Error())},
		{fmt.Errorf("%w: %w", own, syscall.EACCES), FailedWithDetail(own.Text, syscall.EACCES.Error())},
		{fmt.Errorf("reading: %w", own), SystemError("reading: " + own.Text)},
	} {
		if got := Of(c.err); !reflect.DeepEqual(got, c.want) || !strings.HasSuffix(got.Text, c.err.Error()) {
			t.Errorf("%v: %+v, want %+v", c.err, got, c.want)
		}
	}
}
