package dns

import (
	"net/netip"
	"slices"
	"strings"
)

// Our lines in /etc/resolv.conf stand between these. Nothing outside them is ever written, so what others have changed in the
// meantime is never lost.
const (
	beginLine = `# sag-tunnel: names are asked here first while the intranet is connected; "sag repair" takes this out`
	// madeLine says that there was no such file before us.
	madeLine = "# sag-tunnel made this file"
	endLine  = "# sag-tunnel: end"
	// maxServers is how many nameserver lines the C library reads.
	maxServers = 3
)

// Conf is what matters of a resolv.conf.
type Conf struct {
	// Ours is the address in our lines; invalid if there are none.
	Ours netip.Addr
	// First is the name server that is asked before all others, whoever's it is.
	First netip.Addr
	// Servers are all others, in order.
	Servers []netip.Addr
	// Comments are all others' comment lines, in order, without their signs.
	Comments []string
}

// ReadConf understands a resolv.conf. Lines that the C library would not take either are passed over.
func ReadConf(text string) Conf {
	var c Conf
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		fields := strings.Fields(line)
		switch {
		case line == beginLine:
			inside = true
		case line == endLine:
			inside = false
		case len(fields) >= 2 && fields[0] == "nameserver":
			a, err := netip.ParseAddr(fields[1])
			if !c.First.IsValid() {
				c.First = a
			}
			switch {
			case err != nil:
			case inside:
				c.Ours = a
			default:
				c.Servers = append(c.Servers, a)
			}
		case !inside && (strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";")):
			c.Comments = append(c.Comments, strings.TrimLeft(line, "#; "))
		}
	}
	return c
}

// WithOurs puts our lines before everything else. Others' name servers stay beneath: if our forwarder dies, they are asked.
func WithOurs(text string, resolver netip.Addr, made bool) string {
	text, _ = WithoutOurs(text)
	lines := []string{beginLine}
	if made {
		lines = append(lines, madeLine)
	}
	times := 1
	if rotates(text) {
		// Every name server is asked in turn, as many as the library reads: all of them have to be ours.
		times = maxServers
	}
	lines = append(lines, slices.Repeat([]string{"nameserver " + resolver.String()}, times)...)
	return strings.Join(append(lines, endLine), "\n") + "\n" + text
}

// WithoutOurs takes our lines out. True if the file was made by us and nobody has written into it since.
func WithoutOurs(text string) (rest string, forget bool) {
	var b strings.Builder
	inside, made := false, false
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case beginLine:
			inside = true
			continue
		case endLine:
			if inside {
				inside = false
				continue
			}
		case madeLine:
			made = made || inside
		}
		if !inside {
			b.WriteString(line)
		}
	}
	if inside {
		// The end is missing: somebody has cut the file. Only lines that can be ours are taken out.
		return withoutLost(text), false
	}
	return b.String(), made && b.Len() == 0
}

// withoutLost takes out the lines of a block without an end, up to the first one that can not be ours.
func withoutLost(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == beginLine:
			inside = true
			continue
		case inside && (trimmed == madeLine || strings.HasPrefix(trimmed, "nameserver 127.")):
			continue
		case inside && trimmed == endLine:
			inside = false
			continue
		}
		inside = false
		b.WriteString(line)
	}
	return b.String()
}

func rotates(text string) bool {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "options" && slices.Contains(fields[1:], "rotate") {
			return true
		}
	}
	return false
}
