package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
)

// source is one file that is edited. Positions come from the syntax tree, but edits are made in the text, so that comments
// keep their place.
type source struct {
	name  string
	text  string
	set   *token.FileSet
	file  *ast.File
	edits []edit
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	text     string
}

func parse(name, text string) (*source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &source{name: name, text: text, set: set, file: file}, nil
}

func (s *source) offset(at token.Pos) int { return s.set.Position(at).Offset }

// of returns the text of a node.
func (s *source) of(n ast.Node) string { return s.text[s.offset(n.Pos()):s.offset(n.End())] }

func (s *source) replace(from, to token.Pos, text string) {
	s.edits = append(s.edits, edit{s.offset(from), s.offset(to), text})
}

func (s *source) insert(at token.Pos, text string) { s.replace(at, at, text) }

// result returns the edited text, formatted. Edits must not overlap.
func (s *source) result() (string, error) {
	text, err := apply(s.text, s.edits)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.name, err)
	}
	formatted, err := format.Source([]byte(text))
	if err != nil {
		return "", fmt.Errorf("%s, changed: %w", s.name, err)
	}
	return string(formatted), nil
}

func apply(text string, edits []edit) (string, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b edit) int { return a.from - b.from })
	var out strings.Builder
	at := 0
	for _, e := range sorted {
		if e.from < at {
			return "", fmt.Errorf("overlapping edits at byte %d", e.from)
		}
		out.WriteString(text[at:e.from] + e.text)
		at = e.to
	}
	out.WriteString(text[at:])
	return out.String(), nil
}

// write writes the edited file.
func (s *source) write(path string) error {
	text, err := s.result()
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// function returns the declaration of the function or method with a name.
func (s *source) function(name string) (*ast.FuncDecl, error) {
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name && f.Body != nil {
			return f, nil
		}
	}
	return nil, fmt.Errorf("no function %s", name)
}

// structure returns the struct type with a name.
func (s *source) structure(name string) (*ast.StructType, error) {
	for _, d := range s.file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			if t, ok := spec.(*ast.TypeSpec); ok && t.Name.Name == name {
				if st, ok := t.Type.(*ast.StructType); ok {
					return st, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("no struct %s", name)
}

// only returns the one node below root that accept accepts; any other number is an error.
func only[N ast.Node](root ast.Node, what string, accept func(N) bool) (N, error) {
	var found []N
	ast.Inspect(root, func(n ast.Node) bool {
		if node, ok := n.(N); ok && accept(node) {
			found = append(found, node)
		}
		return true
	})
	if len(found) != 1 {
		var none N
		return none, fmt.Errorf("%s occurs %d times instead of once", what, len(found))
	}
	return found[0], nil
}

// expression returns the one expression below root with this text.
func (s *source) expression(root ast.Node, text string) (ast.Expr, error) {
	return only(root, "`"+text+"`", func(n ast.Expr) bool { return s.of(n) == text })
}

// statement returns the one statement below root with this text.
func (s *source) statement(root ast.Node, text string) (ast.Stmt, error) {
	return only(root, "`"+text+"`", func(n ast.Stmt) bool { return s.of(n) == text })
}

// loopOver returns the body of the one `for … := range CHANNEL` below root.
func (s *source) loopOver(root ast.Node, channel string) (*ast.BlockStmt, error) {
	loop, err := only(root, "a loop over "+channel, func(n *ast.RangeStmt) bool { return s.of(n.X) == channel })
	if err != nil {
		return nil, err
	}
	return loop.Body, nil
}

// outerContinues returns the `continue` statements that refer to a loop around the statements.
func outerContinues(statements []ast.Stmt) []*ast.BranchStmt {
	var found []*ast.BranchStmt
	for _, statement := range statements {
		ast.Inspect(statement, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ForStmt, *ast.RangeStmt, *ast.FuncLit:
				return false
			case *ast.BranchStmt:
				if n.Tok == token.CONTINUE && n.Label == nil {
					found = append(found, n)
				}
			}
			return true
		})
	}
	return found
}

// extract moves statements of a loop's body into a new method that the loop then calls. `continue` becomes `return`.
// Earlier edits inside the statements are kept.
func (s *source) extract(statements []ast.Stmt, signature, call string) {
	for _, c := range outerContinues(statements) {
		s.replace(c.Pos(), c.End(), "return")
	}
	from, to := s.offset(statements[0].Pos()), s.offset(statements[len(statements)-1].End())
	var inside, outside []edit
	for _, e := range s.edits {
		if e.from >= from && e.to <= to {
			inside = append(inside, edit{e.from - from, e.to - from, e.text})
		} else {
			outside = append(outside, e)
		}
	}
	body, err := apply(s.text[from:to], inside)
	if err != nil {
		body = "// " + err.Error() // makes the build fail with this message
	}
	end := len(s.text)
	s.edits = append(outside, edit{from, to, call}, edit{end, end, "\n\n" + signature + " {\n" + body + "\n}\n"})
}
