package guard

import (
	"slices"
	"strings"
)

const (
	// maxName is the longest name on the wire, lengths and the final zero included, bytes.
	maxName = 255
	// question is where the first question begins in a message; over TCP, a length of 2 bytes comes before it.
	question, tcpLength = 12, 2
	// maxEndings is how many endings of different length are looked for; each costs a rule for every place it could stand at.
	maxEndings = 32
	// near is how far from the beginning of the question endings are looked for exactly. Further on, in names longer than
	// hosts have, their last bytes are enough, which all but the shortest and longest have in common: a rule for each place, not for each
	// place and length.
	near, tail, longest = 64, 12, 40
	// belowReverse is how far a reverse zone's name can be from the beginning: four labels of an address and what service
	// discovery puts before them; or 32 of one digit.
	belowReverse4, belowReverse6 = 34, 82
)

// folded takes the difference between upper and lower case out of a byte. It does so to every byte, which makes some others
// alike that no name has.
const folded = 0xdf

// wire is a name as a question ends with it, folded; nil if it is no name.
func wire(name string) []byte {
	var bytes []byte
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > 63 {
			return nil
		}
		bytes = append(append(bytes, byte(len(label))), label...)
	}
	if bytes = append(bytes, 0); len(bytes) > maxName {
		return nil
	}
	for i := range bytes {
		bytes[i] &= folded
	}
	return bytes
}

// ending is what names end with that are held back: forms of one length.
type ending struct {
	length int
	forms  [][]byte
	// first and last are the offsets in a message at which one can begin.
	first, last int
}

// endings are what the domains look like on the wire, by length. Those that more domains have come first; what is beyond
// the limit is left out.
func endings(domains []string) []ending {
	byLength := map[int]*ending{}
	tails := ending{length: tail, first: question + tcpLength + near + 1}
	for _, domain := range domains {
		form := wire(domain)
		if form == nil {
			continue
		}
		e := byLength[len(form)]
		if e == nil {
			e = &ending{length: len(form), first: question}
			byLength[len(form)] = e
		}
		last := question + tcpLength + maxName - len(form)
		switch far := last; {
		case strings.HasSuffix(domain, ".in-addr.arpa"):
			last = min(last, question+tcpLength+belowReverse4)
		case strings.HasSuffix(domain, ".ip6.arpa"):
			last = min(last, question+tcpLength+belowReverse6)
		case len(form) > tail && len(form) <= longest && last > question+tcpLength+near:
			last = question + tcpLength + near
			tails.take(form[len(form)-tail:], far+len(form)-tail)
		}
		e.take(form, last)
	}
	var all []ending
	for _, e := range byLength {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b ending) int {
		if len(a.forms) != len(b.forms) {
			return len(b.forms) - len(a.forms)
		}
		return a.length - b.length
	})
	all = all[:min(len(all), maxEndings)]
	if len(tails.forms) > 0 {
		all = append(all, tails)
	}
	return all
}

func (e *ending) take(form []byte, last int) {
	e.last = max(e.last, last)
	if !slices.ContainsFunc(e.forms, func(f []byte) bool { return slices.Equal(f, form) }) {
		e.forms = append(e.forms, form)
	}
}
