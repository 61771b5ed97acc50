package killswitch

import (
	"cmp"
	"slices"
	"strings"

	"sag.software/native/internal/nft"
)

const (
	// maxName is the longest name on the wire, lengths and the final zero included, bytes.
	maxName = 255
	// question is where the first question begins in a message; over TCP, a length of 2 bytes comes before it.
	question, tcpLength = nft.QuestionOffset, 2
	// maxEndings is how many endings of different length are looked for exactly, apart from reverse zones and very short ones; each
	// costs a rule for every place it could stand at. Of all others the last bytes have to be enough: something more is
	// refused then, but nothing less.
	maxEndings = 32
	// near is how far from the beginning of the question endings are looked for exactly. Further on, in names longer than
	// hosts have, their last bytes are enough, which all but the shortest and longest have in common: a rule for each place, not for each
	// place and length.
	near, tail, longest = 64, 12, 40
	farthest            = question + tcpLength + near
	// belowReverse is how far a reverse zone's name can be from the beginning: four labels of an address and what service
	// discovery puts before them; or 32 of one digit.
	belowReverse4, belowReverse6 = 34, 82
)

// ending is what the names of dropped queries end with: forms of one length.
type ending struct {
	length int
	forms  [][]byte
	// first and last are the offsets in a message at which one can begin.
	first, last int
}

// endings are what the domains look like on the wire: those of the same length together, the commonest first; then the last
// bytes of those that are not looked for exactly, or not everywhere.
func endings(domains []string) []ending {
	// Those whose last bytes are all of them, or are everybody's, are looked for exactly, however many there are.
	exact, others := byLength{}, byLength{}
	for _, domain := range domains {
		form := nft.WireName(domain)
		if form == nil {
			continue
		}
		last := question + tcpLength + maxName - len(form)
		switch {
		case strings.HasSuffix(domain, ".in-addr.arpa"):
			exact.take(form, min(last, question+tcpLength+belowReverse4))
		case strings.HasSuffix(domain, ".ip6.arpa"):
			exact.take(form, min(last, question+tcpLength+belowReverse6))
		case len(form) <= tail:
			exact.take(form, last)
		default:
			others.take(form, last)
		}
	}
	all := exact.sorted()
	nearTails, farTails := ending{length: tail, first: question}, ending{length: tail, first: farthest + 1}
	for i, e := range others.sorted() {
		isChosen := i < maxEndings
		if !isChosen {
			nearTails.takeEnds(e, farthest)
		}
		if !isChosen || e.length <= longest && e.last > farthest {
			farTails.takeEnds(e, e.last+e.length-tail)
			e.last = farthest
		}
		if isChosen {
			all = append(all, e)
		}
	}
	for _, tails := range []ending{nearTails, farTails} {
		if len(tails.forms) > 0 {
			all = append(all, tails)
		}
	}
	return all
}

// byLength are endings by their length in bytes.
type byLength map[int]*ending

func (b byLength) take(form []byte, last int) {
	e := b[len(form)]
	if e == nil {
		e = &ending{length: len(form), first: question}
		b[len(form)] = e
	}
	e.take(form, last)
}

// sorted are those of which there are most first.
func (b byLength) sorted() []ending {
	var all []ending
	for _, e := range b {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b ending) int {
		return cmp.Or(len(b.forms)-len(a.forms), a.length-b.length)
	})
	return all
}

// takeEnds takes the last bytes of another's forms.
func (e *ending) takeEnds(from ending, last int) {
	for _, form := range from.forms {
		e.take(form[from.length-tail:], last)
	}
}

func (e *ending) take(form []byte, last int) {
	e.last = max(e.last, last)
	if !slices.ContainsFunc(e.forms, func(f []byte) bool { return slices.Equal(f, form) }) {
		e.forms = append(e.forms, form)
	}
}
