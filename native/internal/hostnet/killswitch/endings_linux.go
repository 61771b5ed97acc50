package killswitch

import (
	"cmp"
	"slices"
	"strings"

	"sag.software/native/internal/nft"
)

const (
	// maxName is the maximum size of a name in a message, including lengths and the final zero, bytes.
	maxName = 255
	// question is the offset of the first question in a message; over TCP a length of 2 bytes precedes the message.
	question, tcpLength = nft.QuestionOffset, 2
	// maxEndings is the number of suffix lengths that are matched exactly, apart from reverse zones and very short suffixes. Each
	// costs a rule per possible offset. Of other suffixes only the last bytes are matched, which may drop more than intended, but
	// never less.
	maxEndings = 32
	// near is up to which offset in the question suffixes are matched exactly. Names longer than that are unusual; in them only
	// the last `tail` bytes are matched, which needs one rule per offset instead of one per offset and length. Suffixes shorter
	// than tail or longer than longest are excepted.
	near, tail, longest = 64, 12, 40
	farthest            = question + tcpLength + near
	// belowReverse is the maximum offset of a reverse zone's suffix: after four labels of an address and the labels of service
	// discovery, or after 32 labels of one digit.
	belowReverse4, belowReverse6 = 34, 82
)

// ending are suffixes of the names of dropped queries, all of the same length.
type ending struct {
	length int
	forms  [][]byte
	// first and last are the smallest and the largest offset in a message.
	first, last int
}

// endings returns the domains in wire format, grouped by length, the largest group first; then the last bytes of those that are
// not matched exactly, or not at every offset.
func endings(domains []string) []ending {
	// Reverse zones and suffixes no longer than tail are always matched exactly, because their last bytes are not specific
	// enough.
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

// byLength groups endings by length, bytes.
type byLength map[int]*ending

func (b byLength) take(form []byte, last int) {
	e := b[len(form)]
	if e == nil {
		e = &ending{length: len(form), first: question}
		b[len(form)] = e
	}
	e.take(form, last)
}

// sorted returns the groups, the largest first.
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

// takeEnds adds the last bytes of another ending's forms.
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
