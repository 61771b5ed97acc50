//go:build !linux

package main

import (
	"fmt"
	"os"

	"sag.software/native/internal/msg"
)

const initVerb = "isolate-init"

func isolateCommand([]string) int {
	fmt.Fprintln(os.Stderr, msg.IsolateNotHere)
	return 1
}

func isolateInit([]string) int { return 2 }
