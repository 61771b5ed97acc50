package dns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sag.software/native/internal/router"
)

// Our lines in /etc/resolv.conf stand between these. Nothing outside them is ever written, so what others have changed in the
// meantime is never lost.
const (
	beginLine = `# sag-tunnel: names are asked here first while the intranet is connected; "sag repair" takes this out`
	// madeLine says that there was no such file before us.
	madeLine = "# sag-tunnel made this file"
	endLine  = "# sag-tunnel: end"
	// searchLine begins the lines of ours at the end of the file: of several search lists, the C library takes the last one.
	// joinedLine does so where the line before had no end.
	searchLine = `# sag-tunnel: short names are completed like this while the intranet is connected`
	joinedLine = searchLine + " (the end of the line before is ours)"
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
	// Search is the search list that is in force: the last one in the file, ours or another's; lower-case, without dots at the
	// end. Searches is true if there is such a line at all.
	Search   []string
	Searches bool
	// OtherSearch is the list that would be in force without ours.
	OtherSearch []string
	// OurSearch is the list in our lines.
	OurSearch []string
	// Ndots is how many dots a name needs to be tried as it stands first.
	Ndots int
	// Comments are all others' comment lines, in order, without their signs.
	Comments []string
}

// ReadConf understands a resolv.conf. Lines that the C library would not take either are passed over.
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

// searchList are the domains of a "search" or "domain" line; "." and what is no name are left out.
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

// WithOurs puts our name server before everything else, and our search list behind it. Others' name servers stay beneath: if our
// forwarder dies, they are asked. Others' search list stays in force behind ours.
func WithOurs(text string, resolver netip.Addr, search []string, made bool) string {
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

// wholeSearch is the list that has to be in force: ours, then the others'. Nothing, if we have none: then theirs is in force
// without us.
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

// WithoutOurs takes our lines out. True if the file was made by us and nobody has written into it since.
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
		// The end is missing: somebody has cut the file. Only lines that can be ours are taken out.
		return withoutLost(text), false
	}
	rest = strings.Join(kept, "")
	return rest, made && rest == ""
}

// rejoin takes away the end of the last line.
func rejoin(lines []string) {
	if last := len(lines) - 1; last >= 0 {
		lines[last] = strings.TrimSuffix(lines[last], "\n")
	}
}

// withoutLost takes out the lines of a block without an end, up to the first one that can not be ours.
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
