package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pinnedModule returns a copy of the module that go.mod pins.
func pinnedModule(t *testing.T, of target) string {
	t.Helper()
	var pinned module
	if err := ask("go", ".", &pinned, "mod", "download", "-json", of.path); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), of.folder)
	if err := copyTree(pinned.Dir, dir, of.copies); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestGoBuildsTheChangedModule(t *testing.T) {
	dir := t.TempDir()
	native, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(native, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	to, workspace := filepath.Join(dir, "made"), filepath.Join(dir, "go.work")
	for range 2 { // the second run replaces the first
		if err := run("go", to, workspace); err != nil {
			t.Fatal(err)
		}
	}
	for _, of := range targets {
		command := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", of.path)
		command.Dir = dir
		command.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=")
		got, err := command.Output()
		if err != nil || strings.TrimSpace(string(got)) != filepath.Join(to, of.folder) {
			t.Errorf("Go uses %q, %v", got, err)
		}
	}
}

// If upstream changes code that a transformation depends on, the build fails and names the file, what is missing, and why
// it matters.
func TestChangedUpstreamIsReported(t *testing.T) {
	type upstream struct{ file, was, is, want string }
	try := func(of target, name string, c upstream) {
		t.Run(name, func(t *testing.T) {
			dir := pinnedModule(t, of)
			file := filepath.Join(dir, c.file)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), c.was, c.is, 1)
			if changed == string(text) {
				t.Fatalf("%s has no %q", c.file, c.was)
			}
			if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := of.transform(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, not %q", err, c.want)
			}
		})
	}
	for name, c := range map[string]upstream{
		"a hand-over is gone": {
			"device/send.go", "peer.queue.outbound.c <- elemsContainer", "peer.enqueue(elemsContainer)", "hand-over of packets has changed",
		},
		"a hand-over is new": {
			"device/send.go", "peer.queue.outbound.c <- elemsContainer", "peer.queue.outbound.c <- elemsContainer\npeer.queue.extra <- 1", "`peer.queue.extra <-` is an unknown hand-over",
		},
		"something between the two sends": {
			"device/receive.go", "device.queue.decryption.c <- elemsContainer", "peer.note()\ndevice.queue.decryption.c <- elemsContainer", "does not follow",
		},
		"a routine has another name": {
			"device/receive.go", ") RoutineDecryption(", ") DecryptAll(", "no function RoutineDecryption",
		},
		"a routine has another variable": {
			"device/send.go", "var nonce [chacha20poly1305.NonceSize]byte", "var nonce [chacha20poly1305.NonceSize]byte\nvar count int", `RoutineEncryption declares ["paddingZeros" "nonce" "count"]`,
		},
		"the sender is called in another way": {
			"device/send.go", "err := peer.SendBuffers(bufs)", "err := peer.SendBuffers(bufs, 0)", "`err := peer.SendBuffers(bufs)` occurs 0 times",
		},
		"SendBuffers locks later": {
			"device/peer.go", "peer.device.net.RLock()\n", "_ = buffers\n\tpeer.device.net.RLock()\n", "does not begin with its lock",
		},
		"Stop waits in another way": {
			"device/peer.go", "\tpeer.queue.outbound.c <- nil\n\tpeer.stopping.Wait()", "\tpeer.queue.outbound.c <- nil\n\tpeer.ended()", "why: after Stop nothing",
		},
		"the struct is another": {
			"device/device.go", "type Device struct {", "type Device interface{}\n\ntype device struct {", "no struct Device",
		},
	} {
		try(wireguard, name, c)
	}
	const tcp = "pkg/tcpip/transport/tcp/"
	for name, c := range map[string]upstream{
		"a function that is replaced is another": {
			tcp + "rack.go", "numLost++\n", "numLost += 2\n", "detectLoss has changed since it was replaced",
		},
		"a function that is replaced has another name": {
			tcp + "snd.go", ") SetPipe() {", ") setPipe() {", "no function SetPipe",
		},
		"the scoreboard is reset in another way": {
			tcp + "snd.go", "s.ep.scoreboard.Reset()", "s.ep.scoreboard.Clear()", "`s.ep.scoreboard.Reset()` occurs 0 times",
		},
		"losses are compared in another way": {
			tcp + "snd.go", "numLost > 0 && !s.FastRecovery.Active", "numLost > 1 && !s.FastRecovery.Active", "occurs 0 times",
		},
	} {
		try(gvisor, name, c)
	}
}

func TestExtract(t *testing.T) {
	s, err := parse("a.go", `package a

func Routine(c chan int) {
	sum := 0
	for n := range c {
		// kept
		if n == 0 {
			return
		}
		// moved
		for range n {
			if n == 1 {
				continue // of the inner loop
			}
			use(n)
		}
		if n == 2 {
			continue
		}
		use(n + 1) // the last
	}
}
`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.method("Routine", "c", 1, []string{"sum"}, "func each(n int)", "each(n)"); err != nil {
		t.Fatal(err)
	}
	got, err := s.result()
	if err != nil {
		t.Fatal(err)
	}
	want := `package a

func Routine(c chan int) {
	sum := 0
	for n := range c {
		// kept
		if n == 0 {
			return
		}
		// moved
		each(n) // the last
	}
}

func each(n int) {
	for range n {
		if n == 1 {
			continue // of the inner loop
		}
		use(n)
	}
	if n == 2 {
		return
	}
	use(n + 1)
}
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestOverlappingEdits(t *testing.T) {
	if got, err := apply("abcdef", []edit{{3, 5, "x"}, {1, 4, "y"}}); err == nil {
		t.Errorf("got %q", got)
	}
	if got, err := apply("abcdef", []edit{{3, 5, "x"}, {1, 3, "y"}, {6, 6, "!"}}); err != nil || got != "ayxf!" {
		t.Errorf("got %q, %v", got, err)
	}
}
