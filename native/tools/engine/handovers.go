package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
)

// checkHandOvers compares the channel sends of a package with handOvers.
func checkHandOvers(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	got := map[string]int{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if send, ok := n.(*ast.SendStmt); ok {
				got[types.ExprString(send.Chan)+" <-"]++
			}
			return true
		})
	}
	for send, want := range handOvers {
		if got[send] != want {
			return fmt.Errorf("`%s` occurs %d times instead of %d: upstream's hand-over of packets has changed, so review the changes", send, got[send], want)
		}
		delete(got, send)
	}
	for send := range got {
		return fmt.Errorf("`%s` is an unknown hand-over: review the changes", send)
	}
	return nil
}
