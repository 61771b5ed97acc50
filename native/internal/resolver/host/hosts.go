package host

import (
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// hostsMemory is how long a parsed hosts file is cached.
	hostsMemory = 2 * time.Second
	// maxHosts is the largest hosts file that is read, bytes.
	maxHosts = 1 << 20
)

// hostsFile returns the path of the hosts file.
func hostsFile() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("SystemRoot"), "System32", "drivers", "etc", "hosts")
	}
	return "/etc/hosts"
}

// Static returns a lookup in the hosts file. Names are looked up as written, without a search list.
func Static() func(name string) []netip.Addr { return static(hostsFile()) }

func static(path string) func(name string) []netip.Addr {
	var mu sync.Mutex
	var known map[string][]netip.Addr
	var until time.Time
	return func(name string) []netip.Addr {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.After(until) {
			known, until = readHosts(path), now.Add(hostsMemory)
		}
		return known[name]
	}
}

func readHosts(path string) map[string][]netip.Addr {
	known := map[string][]netip.Addr{}
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxHosts {
		return known
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return known
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		a, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, name := range fields[1:] {
			name = strings.ToLower(strings.TrimSuffix(name, "."))
			known[name] = append(known[name], a.Unmap())
		}
	}
	return known
}
