// Command engine builds the WireGuard engine for the programs in native/: it copies the module that go.mod pins from the
// module cache, applies changes.go, and writes the workspace file that makes Go use the copy.
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

const path = "golang.zx2c4.com/wireguard"

// added are our own files, which are added to the module.
var (
	//go:embed _added/inline.go _added/inline_test.go _added/main_inline.go
	added embed.FS
	into  = map[string]string{
		"inline.go": "device/inline.go", "inline_test.go": "device/inline_test.go", "main_inline.go": "main_inline.go",
	}
)

func main() {
	goProgram := flag.String("go", "go", "the Go `program`")
	to := flag.String("to", "", "the `folder` to make the changed module in; it is replaced")
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
	var pinned, own module
	if err := ask(goProgram, beside, &pinned, "mod", "download", "-json", path); err != nil {
		return err
	}
	if err := ask(goProgram, beside, &own, "list", "-m", "-json"); err != nil {
		return err
	}
	fresh := to + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := copyTree(pinned.Dir, fresh); err != nil {
		return err
	}
	if err := transform(fresh); err != nil {
		return fmt.Errorf("%s %s: %w", path, pinned.Version, err)
	}
	if err := errors.Join(os.RemoveAll(to), os.Rename(fresh, to)); err != nil {
		return err
	}
	return writeWorkspace(workspace, to, own.GoVersion, pinned.Version)
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

// copyTree copies a folder. The copies are writable; files in the module cache are not.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
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
func transform(dir string) error {
	if err := checkHandOvers(filepath.Join(dir, "device")); err != nil {
		return err
	}
	sources := map[string]*source{}
	for _, c := range changes {
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
	for from, to := range into {
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

// writeWorkspace writes the workspace file unless it is up to date.
func writeWorkspace(file, engine, goVersion, version string) error {
	relative, err := filepath.Rel(filepath.Dir(file), engine)
	if err != nil {
		return err
	}
	relative = filepath.ToSlash(relative)
	if !strings.HasPrefix(relative, "../") {
		relative = "./" + relative // otherwise Go takes it for a module path
	}
	// The version is included, so that after an update of go.mod Go uses the new version unchanged until the engine is
	// built again.
	text := fmt.Sprintf("// Written by native/tools/engine.\n\ngo %s\n\nuse .\n\nreplace %s %s => %s\n",
		goVersion, path, version, relative)
	if was, err := os.ReadFile(file); err == nil && string(was) == text {
		return nil
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
