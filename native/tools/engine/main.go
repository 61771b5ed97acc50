// Command engine builds the patched modules for the programs in native/: it copies wireguard-go and gVisor, as go.mod pins them, from
// the module cache, applies changes.go and gvisor.go, and writes the workspace file that makes Go use the copies.
package main

import (
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// target is a module that is patched.
type target struct {
	path string
	// folder is the copy's name.
	folder string
	// copies reports whether a folder, by its path inside the module, is copied. Nil copies all.
	copies func(inside string) bool
	// check verifies the copy before it is patched. Nil checks nothing.
	check   func(dir string) error
	changes []change
	// added maps our own files in _added to their paths in the module.
	added map[string]string
}

//go:embed _added/*.go
var added embed.FS

var wireguard = target{
	path: "golang.zx2c4.com/wireguard", folder: "wireguard",
	check:   func(dir string) error { return checkHandOvers(filepath.Join(dir, "device")) },
	changes: changes,
	added: map[string]string{
		"inline.go": "device/inline.go", "inline_test.go": "device/inline_test.go", "main_inline.go": "main_inline.go",
	},
}

var targets = []target{wireguard, gvisor}

func main() {
	goProgram := flag.String("go", "go", "the Go `program`")
	to := flag.String("to", "", "the `folder` to make the changed modules in, each in a folder that is replaced")
	workspace := flag.String("workspace", "", "the workspace `file` to write; the main module is beside it")
	flag.Parse()
	if err := run(*goProgram, *to, *workspace); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

// module is Go's description of a module.
type module struct{ Path, Version, Dir, GoVersion string }

func run(goProgram, to, workspace string) error {
	if to == "" || workspace == "" {
		return errors.New("-to and -workspace are required")
	}
	beside := filepath.Dir(workspace)
	var own module
	if err := ask(goProgram, beside, &own, "list", "-m", "-json"); err != nil {
		return err
	}
	var made []replacement
	for _, t := range targets {
		var pinned module
		if err := ask(goProgram, beside, &pinned, "mod", "download", "-json", t.path); err != nil {
			return err
		}
		dir := filepath.Join(to, t.folder)
		if err := t.make(pinned, dir); err != nil {
			return fmt.Errorf("%s %s: %w", t.path, pinned.Version, err)
		}
		made = append(made, replacement{t.path, pinned.Version, dir})
	}
	return writeWorkspace(workspace, own.GoVersion, made)
}

// make creates the patched copy in dir, replacing a former one.
func (t target) make(pinned module, dir string) error {
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := copyTree(pinned.Dir, fresh, t.copies); err != nil {
		return err
	}
	if err := t.transform(fresh); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(dir), os.Rename(fresh, dir))
}

// ask runs a go command with JSON output, outside any workspace.
func ask(goProgram, dir string, answer *module, args ...string) error {
	command := exec.Command(goProgram, args...)
	command.Dir, command.Stderr = dir, os.Stderr
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.Output()
	if err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(out, answer)
}

// copyTree copies a folder without the folders that copies rejects. The copies are writable; files in the module cache are not.
func copyTree(from, to string, copies func(inside string) bool) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if copies != nil && !copies(filepath.ToSlash(inside)) {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, inside), 0o755)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, inside), content, 0o644)
	})
}

// transform applies all changes to the module in a folder.
func (t target) transform(dir string) error {
	if t.check != nil {
		if err := t.check(dir); err != nil {
			return err
		}
	}
	sources := map[string]*source{}
	for _, c := range t.changes {
		s := sources[c.file]
		if s == nil {
			text, err := os.ReadFile(filepath.Join(dir, c.file))
			if err != nil {
				return err
			}
			if s, err = parse(c.file, string(text)); err != nil {
				return err
			}
			sources[c.file] = s
		}
		if err := c.make(s); err != nil {
			return fmt.Errorf("the change of %s no longer applies: %w\n\twhat: %s\n\twhy: %s", c.file, err, c.what, c.why)
		}
	}
	for name, s := range sources {
		if err := s.write(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for from, to := range t.added {
		text, err := added.ReadFile("_added/" + from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// replacement is a patched module: the version that it replaces, and its folder.
type replacement struct{ path, version, dir string }

// writeWorkspace writes the workspace file unless it is up to date.
func writeWorkspace(file, goVersion string, made []replacement) error {
	text := fmt.Sprintf("// Written by native/tools/engine.\n\ngo %s\n\nuse .\n", goVersion)
	for _, r := range made {
		relative, err := filepath.Rel(filepath.Dir(file), r.dir)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		if !strings.HasPrefix(relative, "../") {
			relative = "./" + relative // otherwise Go takes it for a module path
		}
		// The version is included, so that after an update of go.mod Go uses the new version unchanged until the module is
		// patched again.
		text += fmt.Sprintf("\nreplace %s %s => %s\n", r.path, r.version, relative)
	}
	if was, err := os.ReadFile(file); err == nil && string(was) == text {
		return nil
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
