// Package licenses prints the licences of the libraries that are linked into a program.
package licenses

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"sag.software/native/internal/msg"
)

// File is the licence file; the build puts it beside every program.
const File = "THIRD_PARTY_LICENSES.txt"

// Print copies the licence file to out and returns the exit code.
func Print(out, failures io.Writer) int {
	program, err := os.Executable()
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	if err == nil {
		var text []byte
		if text, err = os.ReadFile(filepath.Join(filepath.Dir(program), File)); err == nil {
			_, err = out.Write(text)
		}
	}
	if err != nil {
		fmt.Fprintf(failures, msg.LicensesUnreadable, err)
		return 1
	}
	return 0
}
