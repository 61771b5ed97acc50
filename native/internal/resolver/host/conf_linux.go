package host

import (
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sag.software/native/internal/resolver"
)

const (
	// maxServers is how many nameserver lines the C library reads.
	maxServers = 3
	// maxTimeout, maxAttempts and maxNdots are the C library's limits (resolv.conf(5)).
	maxTimeout  = 30
	maxAttempts = 5
	maxNdots    = 15
	// maxName is the longest name, in characters without the trailing dot (RFC 1035).
	maxName = 253
	// maxFile bounds how much of a file is read, bytes.
	maxFile = 1 << 20
)

// conf is the part of resolv.conf that is used.
type conf struct {
	servers []netip.AddrPort
	search  []string
	ndots   int
	// timeout (of one attempt) and attempts bound the time for all servers. Queries are repeated sooner than that, and at
	// least resolver.Rounds times.
	timeout  time.Duration
	attempts int
	network  string
}

func readConf(path string, port uint16) conf {
	name, _ := os.Hostname()
	return parseConf(readText(path), name, port)
}

// parseConf parses a resolv.conf. Without a search line, the search list is the domain of the host's own name.
func parseConf(text, hostname string, port uint16) conf {
	c := conf{ndots: 1, timeout: 5 * time.Second, attempts: 2, network: resolver.AnyNetwork}
	if _, domain, ok := strings.Cut(strings.ToLower(hostname), "."); ok {
		c.search = domains([]string{domain})
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch values := fields[1:]; fields[0] {
		case "nameserver":
			if a, err := netip.ParseAddr(values[0]); err == nil && len(c.servers) < maxServers {
				c.servers = append(c.servers, netip.AddrPortFrom(a, port))
			}
		case "domain":
			c.search = domains(values[:1])
		case "search":
			c.search = domains(values)
		case "options":
			for _, option := range values {
				c.option(option)
			}
		}
	}
	if len(c.servers) == 0 {
		c.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)}
	}
	// With resolv.conf's rotate option the forwarder is listed several times; one entry is enough here.
	var once []netip.AddrPort
	for _, s := range c.servers {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	c.servers = once
	return c
}

func (c *conf) option(option string) {
	key, value, _ := strings.Cut(option, ":")
	n, err := strconv.Atoi(value)
	switch {
	case key == "use-vc" || key == "usevc" || key == "tcp":
		c.network = "tcp"
	case err != nil || n < 0:
	case key == "ndots":
		c.ndots = min(n, maxNdots)
	case key == "timeout":
		c.timeout = time.Duration(min(max(n, 1), maxTimeout)) * time.Second
	case key == "attempts":
		c.attempts = min(max(n, 1), maxAttempts)
	}
}

func domains(list []string) []string {
	var all []string
	for _, name := range list {
		if name = strings.ToLower(strings.TrimSuffix(name, ".")); name != "" {
			all = append(all, name)
		}
	}
	return all
}

// names returns the complete names that a name can stand for, in the order in which they are queried.
func (c conf) names(name string) []string {
	whole, rooted := strings.CutSuffix(name, ".")
	var all []string
	if !rooted {
		for _, domain := range c.search {
			all = append(all, whole+"."+domain)
		}
	}
	if rooted || strings.Count(whole, ".") >= c.ndots {
		all = slices.Insert(all, 0, whole)
	} else {
		all = append(all, whole)
	}
	return slices.DeleteFunc(all, func(n string) bool {
		// Onion names must not be sent to name servers (RFC 7686).
		return n == "" || len(n) > maxName || strings.HasSuffix(strings.ToLower(n), ".onion")
	})
}

// group is a set of servers that are queried together.
type group struct {
	servers []netip.AddrPort
	limit   time.Duration
}

// groups returns the servers in order of preference: the next group is used only if no server of the one before answers.
func (c conf) groups() []group {
	var forwarders, others []netip.AddrPort
	for _, s := range c.servers {
		if Forwarders.Contains(s.Addr()) {
			forwarders = append(forwarders, s)
		} else {
			others = append(others, s)
		}
	}
	var all []group
	if len(forwarders) > 0 {
		all = append(all, group{forwarders, max(c.timeout, resolver.Limit)})
	}
	if len(others) > 0 {
		all = append(all, group{others, max(c.timeout*time.Duration(c.attempts*len(others)), resolver.Limit)})
	}
	return all
}

// sources are the entries of nsswitch.conf for hosts, apart from the hosts file, which is always read first.
type sources struct {
	dns bool
	// others is set for sources that are not implemented here, such as mdns4_minimal and myhostname.
	others bool
}

func readSources(path string) sources { return parseSources(readText(path)) }

func parseSources(text string) sources {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		list, ok := strings.CutPrefix(strings.TrimSpace(line), "hosts:")
		if !ok {
			continue
		}
		var s sources
		action := false
		for _, word := range strings.Fields(strings.NewReplacer("[", " [ ", "]", " ] ").Replace(list)) {
			switch {
			case word == "[":
				action = true
			case word == "]":
				action = false
			case action || word == "files":
			case word == "dns", word == "resolve":
				// systemd-resolved is also reached over DNS, by the address that it writes to resolv.conf.
				s.dns, s.others = true, s.others || word == "resolve"
			default:
				s.others = true
			}
		}
		return s
	}
	return sources{dns: true}
}

// readText returns a file's text; "" if it cannot be read.
func readText(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
