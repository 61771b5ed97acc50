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
			return fmt.Errorf("`%s` is there %d times, not %d: upstream hands packets over in another way, so the changes have to be thought through again", send, got[send], want)
		}
		delete(got, send)
	}
	for send := range got {
		return fmt.Errorf("`%s` is a hand-over that is not known: the changes have to be thought through again", send)
	}
	return nil
}
