package acl

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// maxChain limits the names of an answer: the one that was queried, and those that it is an alias of.
	maxChain = 8
	// maxRecords limits the records of an answer that are read.
	maxRecords = 64
)

// answered is an address in an answer, with the names that lead to it.
type answered struct {
	address netip.Addr
	names   []string
	ttl     time.Duration
}

// readAnswer returns the addresses in an answer of a name server; none if it is malformed, truncated or an error.
func readAnswer(message []byte) (all []answered) {
	if len(message) < 12 || binary.BigEndian.Uint16(message[4:]) != 1 {
		return nil
	}
	var p dnsmessage.Parser
	header, err := p.Start(message)
	if err != nil || !header.Response || header.Truncated || header.RCode != dnsmessage.RCodeSuccess {
		return nil
	}
	question, err := p.Question()
	if err != nil || p.SkipAllQuestions() != nil {
		return nil
	}
	// The names from the one that was queried, through its aliases.
	chain := []string{nameOf(question.Name)}
	for range maxRecords {
		record, err := p.AnswerHeader()
		if err != nil {
			return all
		}
		ttl := time.Duration(record.TTL) * time.Second
		var address netip.Addr
		switch belongs := slices.Contains(chain, nameOf(record.Name)); {
		case belongs && record.Type == dnsmessage.TypeCNAME:
			alias, err := p.CNAMEResource()
			if err != nil {
				return all
			}
			if len(chain) < maxChain {
				chain = append(chain, nameOf(alias.CNAME))
			}
			continue
		case belongs && record.Type == dnsmessage.TypeA:
			a, err := p.AResource()
			if err != nil {
				return all
			}
			address = netip.AddrFrom4(a.A)
		case belongs && record.Type == dnsmessage.TypeAAAA:
			a, err := p.AAAAResource()
			if err != nil {
				return all
			}
			address = netip.AddrFrom16(a.AAAA).Unmap()
		default:
			if p.SkipAnswer() != nil {
				return all
			}
			continue
		}
		all = append(all, answered{address: address, names: slices.Clone(chain), ttl: ttl})
	}
	return all
}

// nameOf returns a name in lower case and without the final dot.
func nameOf(name dnsmessage.Name) string {
	text := name.Data[:name.Length]
	if len(text) > 0 && text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	lower := make([]byte, len(text))
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return string(lower)
}
