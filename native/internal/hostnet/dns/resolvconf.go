package dns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sag.software/native/internal/router"
)

// This program's lines in /etc/resolv.conf are between these. Only they are written and removed, so that changes by others are
// not lost.
const (
	beginLine = `# sag-tunnel: names are asked here first while the intranet is connected; "sag repair" takes this out`
	// madeLine means that the file did not exist before.
	madeLine = "# sag-tunnel made this file"
	endLine  = "# sag-tunnel: end"
	// searchLine precedes the lines at the end of the file, because of several search lists the C library uses the last one.
	// joinedLine does so if the line before had no newline.
	searchLine = `# sag-tunnel: short names are completed like this while the intranet is connected`
	joinedLine = searchLine + " (the end of the line before is ours)"
	// maxServers is the number of nameserver lines that the C library reads (MAXNS).
	maxServers = 3
)

// Conf is a parsed resolv.conf.
type Conf struct {
	// Ours is the address in this program's lines; invalid if there are none.
	Ours netip.Addr
	// First is the first name server, this program's or another.
	First netip.Addr
	// Servers are all name servers of others, in order.
	Servers []netip.Addr
	// Search is the search list in force: the last one in the file, lower-case, without trailing dots. Searches is true if there
	// is one.
	Search   []string
	Searches bool
	// OtherSearch is the list that would be in force without this program's lines.
	OtherSearch []string
	// OurSearch is the list in this program's lines.
	OurSearch []string
	// Ndots is the number of dots from which a name is first queried as it is.
	Ndots int
	// Comments are all comment lines of others, in order, without comment signs.
	Comments []string
}

// ReadConf parses a resolv.conf. Lines that the C library ignores are ignored.
func ReadConf(text string) Conf {
	c := Conf{Ndots: router.DefaultNdots}
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		fields := strings.Fields(line)
		switch {
		case line == beginLine, line == searchLine, line == joinedLine:
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
		case len(fields) >= 1 && (fields[0] == "search" || fields[0] == "domain"):
			list := searchList(fields)
			if c.Search, c.Searches = list, true; inside {
				c.OurSearch = list
			} else {
				c.OtherSearch = list
			}
		case len(fields) >= 2 && fields[0] == "options":
			for _, option := range fields[1:] {
				if text, ok := strings.CutPrefix(option, "ndots:"); ok {
					if n, err := strconv.Atoi(text); err == nil && n >= 0 {
						c.Ndots = min(n, 15)
					}
				}
			}
		case !inside && (strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";")):
			c.Comments = append(c.Comments, strings.TrimLeft(line, "#; "))
		}
	}
	return c
}

// searchList returns the domains of a "search" or "domain" line, without "." and invalid names.
func searchList(fields []string) []string {
	var list []string
	for i, name := range fields[1:] {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if name != "" && !slices.Contains(list, name) && (i == 0 || fields[0] == "search") {
			list = append(list, name)
		}
	}
	return list
}

// WithOurs adds the forwarder before all other name servers, and the search list at the end. Other name servers stay below it, so
// that they are used if the forwarder dies. The other search list is appended to this program's.
func WithOurs(text string, resolver netip.Addr, search []string, made bool) string {
	text, _ = WithoutOurs(text)
	lines := []string{beginLine}
	if made {
		lines = append(lines, madeLine)
	}
	times := 1
	if rotates(text) {
		// With "rotate" all name servers that the library reads are used in turn, so all of them have to be the forwarder.
		times = maxServers
	}
	lines = append(lines, slices.Repeat([]string{"nameserver " + resolver.String()}, times)...)
	whole := strings.Join(append(lines, endLine), "\n") + "\n" + text
	list := wholeSearch(search, ReadConf(text).OtherSearch)
	if len(list) == 0 {
		return whole
	}
	begin := searchLine
	if !strings.HasSuffix(whole, "\n") {
		whole += "\n"
		begin = joinedLine
	}
	return whole + strings.Join([]string{begin, "search " + strings.Join(list, " "), endLine}, "\n") + "\n"
}

// wholeSearch returns the search list to put in force: this program's domains, then the others'. It is empty if this program has
// none, because the others' list is then in force anyway.
func wholeSearch(ours, others []string) []string {
	if len(ours) == 0 {
		return nil
	}
	list := slices.Clone(ours)
	for _, name := range others {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// WithoutOurs removes this program's lines. forget is true if this program created the file and nothing else is in it.
func WithoutOurs(text string) (rest string, forget bool) {
	var kept []string
	inside, made := false, false
	for line := range strings.Lines(text) {
		switch trimmed := strings.TrimSpace(line); trimmed {
		case beginLine, searchLine, joinedLine:
			if inside {
				return withoutLost(text), false
			}
			if inside = true; trimmed == joinedLine {
				rejoin(kept)
			}
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
			kept = append(kept, line)
		}
	}
	if inside {
		// The end line is missing, so another program has changed the file. Only lines that can be this program's are removed.
		return withoutLost(text), false
	}
	rest = strings.Join(kept, "")
	return rest, made && rest == ""
}

// rejoin removes the newline of the last line.
func rejoin(lines []string) {
	if last := len(lines) - 1; last >= 0 {
		lines[last] = strings.TrimSuffix(lines[last], "\n")
	}
}

// withoutLost removes the lines of a block without an end, up to the first one that cannot be this program's.
func withoutLost(text string) string {
	var kept []string
	inside, search := false, false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == joinedLine:
			rejoin(kept)
			fallthrough
		case trimmed == beginLine, trimmed == searchLine:
			inside, search = true, trimmed != beginLine
			continue
		case inside && search && strings.HasPrefix(trimmed, "search "):
			search = false
			continue
		case inside && (trimmed == madeLine || strings.HasPrefix(trimmed, "nameserver 127.")):
			continue
		case inside && trimmed == endLine:
			inside = false
			continue
		}
		inside = false
		kept = append(kept, line)
	}
	return strings.Join(kept, "")
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
