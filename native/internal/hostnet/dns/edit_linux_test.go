package dns

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/nettest"
)

// For any file, the forwarder is the first name server while it is set, and afterwards every byte is as before.
func TestOtherContentIsKept(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                "",
		"no end of line":       "nameserver 192.0.2.1",
		"ends of lines of DOS": "# from afar\r\nnameserver 192.0.2.1\r\nsearch corp.test\r\n",
		"mixed ends":           "nameserver 192.0.2.1\r\nnameserver 192.0.2.2\n\n\n; x",
		"comments only":        "# nothing\n; at all\n",
		"a very long line":     "search " + strings.Repeat("department-with-a-long-name.corp.test ", 2000) + "\nnameserver 192.0.2.1\n",
		"many options":         "options ndots:5 timeout:1\noptions rotate\nsortlist 192.0.2.0/24\nnameserver 192.0.2.1\n",
		"bytes of no alphabet": "nameserver 192.0.2.1 \x00\xff\xfe\n",
	} {
		t.Run(name, func(t *testing.T) {
			m := managerOf(t, text, noBus{})
			n := Names{Backend: File, Path: m.conf, Resolver: ours}
			if err := errors.Join(os.Chmod(m.conf, 0o640), os.Chown(m.conf, os.Geteuid(), 7)); err != nil {
				t.Skip("not run: giving a file away needs root")
			}
			noted := unix.Setxattr(m.conf, "user.note", []byte("kept"), 0) == nil
			if err := m.Set(n); err != nil || !m.Status("").Has(n) {
				t.Fatal(err)
			}
			check := func(want string) {
				t.Helper()
				var stat unix.Stat_t
				if err := unix.Stat(m.conf, &stat); err != nil || stat.Mode&0o777 != 0o640 || stat.Gid != 7 {
					t.Errorf("%o of %d, %v", stat.Mode, stat.Gid, err)
				}
				value := make([]byte, 16)
				if n, err := unix.Getxattr(m.conf, "user.note", value); noted && (err != nil || string(value[:n]) != "kept") {
					t.Errorf("its attribute is %q, %v", value[:max(n, 0)], err)
				}
				if now, _ := os.ReadFile(m.conf); string(now) != want {
					t.Errorf("%q", now)
				}
			}
			check(WithOurs(text, ours, nil, false))
			if there, err := m.Clear(n); !there || err != nil {
				t.Fatal(there, err)
			}
			check(text)
			if left, _ := os.ReadDir(filepath.Dir(m.conf)); len(left) != 1 {
				t.Error("left in the directory:", left)
			}
		})
	}
}

func TestConcurrentWritesAreNotLost(t *testing.T) {
	m := managerOf(t, "nameserver 192.0.2.1\n", noBus{})
	if err := replace(m.conf, "new", "as it was before"); !errors.Is(err, errChanged) {
		t.Error(err)
	}
	if err := overwrite(m.conf, "new", "as it was before"); !errors.Is(err, errChanged) {
		t.Error(err)
	}
	rounds := 0
	_, err := edit(m.conf, func(text string, _ bool) (string, bool) {
		if rounds++; rounds == 1 {
			if err := os.WriteFile(m.conf, []byte("nameserver 192.0.2.2\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return WithOurs(text, ours, nil, false), true
	})
	text, _ := os.ReadFile(m.conf)
	if err != nil || rounds != 2 || string(text) != WithOurs("nameserver 192.0.2.2\n", ours, nil, false) {
		t.Errorf("%v after %d rounds: %s", err, rounds, text)
	}
}

func TestUnusualFiles(t *testing.T) {
	t.Run("a pipe does not keep us waiting", func(t *testing.T) {
		m := managerOf(t, "", noBus{})
		if err := errors.Join(os.Remove(m.conf), unix.Mkfifo(m.conf, 0o600)); err != nil {
			t.Fatal(err)
		}
		if err := m.Set(Names{Backend: File, Path: m.conf, Resolver: ours}); !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	})
	t.Run("a predecessor's half-made file goes", func(t *testing.T) {
		m := managerOf(t, "nameserver 192.0.2.1\n", noBus{})
		if err := os.WriteFile(freshPath(m.conf), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if there, err := m.Clear(Names{Backend: File, Path: m.conf}); there || err != nil {
			t.Error(there, err)
		}
		if _, err := os.Stat(freshPath(m.conf)); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
	t.Run("a dangling link whose writer is not running", func(t *testing.T) {
		m := managerOf(t, "", noBus{})
		for target, away := range map[string]Backend{
			"/run/systemd/resolve/gone.conf": Resolved, "../run/NetworkManager/gone.conf": NetworkManager, "/gone": "",
		} {
			if err := errors.Join(os.Remove(m.conf), os.Symlink(target, m.conf)); err != nil {
				t.Fatal(err)
			}
			if f := m.Status(""); f.Backend != File || f.Away != away {
				t.Errorf("%s: %+v", target, f)
			}
		}
	})
}

// Directories as in containers and small hosts.
func TestUnusualDirectories(t *testing.T) {
	// The file fills its page, so that a full disk has no room for more lines.
	old := "nameserver 192.0.2.1\n" + strings.Repeat("# a remark of no use\n", 194)
	for name, c := range map[string]struct {
		// prepare is a shell script, run in a directory with the file.
		prepare string
		want    error
	}{
		"the file is mounted on its own":     {"cp resolv.conf other && mount --bind other resolv.conf", nil},
		"that in a folder that is read only": {"cp resolv.conf /run/other && mount --bind /run/other resolv.conf && mount -o remount,ro,bind .", nil},
		"read-only file system":              {"mount -o remount,ro .", ErrReadOnly},
		"the disk is full":                   {"head -c 1M /dev/zero > filler || true", ErrRefused},
		"on a full disk, mounted on its own": {"cp resolv.conf other && mount --bind other resolv.conf; head -c 1M /dev/zero > filler || true", ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			dir := t.TempDir()
			nettest.Run(t, "mount", "-t", "tmpfs", "tmpfs", "/run")
			nettest.Run(t, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir)
			t.Cleanup(func() { nettest.Run(t, "umount", "--lazy", "--recursive", dir) })
			m := &Manager{conf: filepath.Join(dir, "resolv.conf"), bus: noBus{}}
			if err := os.WriteFile(m.conf, []byte(old), 0o644); err != nil {
				t.Fatal(err)
			}
			nettest.Run(t, "sh", "-c", "cd "+dir+" && "+c.prepare+" 2> /dev/null")
			n := Names{Backend: File, Path: m.conf, Resolver: ours}
			if err := m.Set(n); !errors.Is(err, c.want) {
				t.Errorf("%v", err)
			}
			if c.want == nil {
				if !m.Status("").Has(n) {
					t.Error("it is not in force")
				}
				if there, err := m.Clear(n); !there || err != nil {
					t.Error(there, err)
				}
			}
			if text, err := os.ReadFile(m.conf); err != nil || !bytes.Equal(text, []byte(old)) {
				t.Errorf("%q %v", text, err)
			}
			if _, err := os.Stat(freshPath(m.conf)); !errors.Is(err, os.ErrNotExist) {
				t.Error("left in the directory:", err)
			}
		})
	}
}
