package logfile

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRotationKeepsThreeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	const max = 1000
	f, err := open(path, max)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("x", 99) + "\n")
	for range 100 {
		_, _ = f.Write(line)
	}
	last := []byte("the last one\n")
	_, _ = f.Write(last)
	files, _ := filepath.Glob(path + "*")
	if len(files) != Kept {
		t.Errorf("%v", files)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.Size() > max || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}
	if text, _ := os.ReadFile(path); !bytes.HasSuffix(text, last) {
		t.Errorf("%q", text)
	}
}

func TestOpenAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for range 2 {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write([]byte("line\n"))
	}
	if text, _ := os.ReadFile(path); string(text) != "line\nline\n" {
		t.Errorf("%q", text)
	}
}

func TestWriteSucceedsOnFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("not run: needs /dev/full")
	}
	f, err := Open("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("line\n")); n != 5 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

func TestEveryLineHasTheSession(t *testing.T) {
	var out bytes.Buffer
	var session Session
	logger := slog.New(Named(slog.NewTextHandler(&out, nil), &session)).With("intranet", "a1b2")
	logger.Info("before")
	session.Set("s1")
	logger.Info("during")
	lines := strings.Split(out.String(), "\n")
	if strings.Contains(lines[0], "session") || !strings.Contains(lines[1], "session=s1") || !strings.Contains(lines[1], "intranet=a1b2") {
		t.Error(out.String())
	}
}
