package resolver

import (
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// read parses an answer. It reports whether the answer is final: after SERVFAIL or REFUSED another server may still have
// one.
func read(answer *dns.Msg, name string, kind uint16) (found, bool) {
	switch answer.Rcode {
	case dns.RcodeSuccess:
	case dns.RcodeNameError:
		return found{err: notFound(name), ttl: longest}, true
	default:
		return found{}, false
	}
	f := found{ttl: longest}
	owner := dns.Fqdn(name)
	// CNAME records may come in any order; each is followed at most once, so that a loop ends.
	for range len(answer.Answer) + 1 {
		next := ""
		for _, record := range answer.Answer {
			header := record.Header()
			if !strings.EqualFold(header.Name, owner) || header.Class != dns.ClassINET {
				continue
			}
			switch value := record.(type) {
			case *dns.A:
				if a, ok := netip.AddrFromSlice(value.A.To4()); ok && kind == dns.TypeA {
					f.take(a, header.Ttl)
				}
			case *dns.AAAA:
				if a, ok := netip.AddrFromSlice(value.AAAA.To16()); ok && kind == dns.TypeAAAA {
					f.take(a.Unmap(), header.Ttl)
				}
			case *dns.CNAME:
				next = value.Target
				f.shorten(header.Ttl)
			}
		}
		if len(f.addresses) > 0 || next == "" {
			break
		}
		owner = next
	}
	if len(f.addresses) == 0 && !strings.EqualFold(owner, dns.Fqdn(name)) {
		f.alias = strings.ToLower(strings.TrimSuffix(owner, "."))
	}
	return f, true
}

func (f *found) take(a netip.Addr, ttl uint32) {
	f.addresses = append(f.addresses, a)
	f.shorten(ttl)
}

func (f *found) shorten(ttl uint32) { f.ttl = min(f.ttl, time.Duration(ttl)*time.Second) }
