// Package profile refuses what no intranet can honestly ask of a machine, whoever says it: the cloud instance decides what is
// inside, but it must not be able to take over a machine's own addresses, its way to the Internet, or its logs. Pure: for
// system mode and proxy mode alike.
package profile

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
)

// MaxRoutes is how many prefixes an intranet may have.
const MaxRoutes = 1024

// Refusal is why a profile is not taken: a cause, the field it is about, and words.
type Refusal struct {
	Cause typesv1.Cause
	// Field is a path into the session, for example "routes[3]".
	Field string
	Text  string
}

// Error names the field and says what is wrong with it.
func (r *Refusal) Error() string { return r.Field + ": " + r.Text }

// Failure is it as it crosses a contract.
func (r *Refusal) Failure() *typesv1.Failure {
	return &typesv1.Failure{Cause: r.Cause, Field: r.Field, Text: "the intranet's profile was refused: " + r.Error()}
}

func refuse(field, format string, args ...any) *Refusal {
	return &Refusal{Cause: typesv1.Cause_CAUSE_ANSWER_INVALID, Field: field, Text: fmt.Sprintf(format, args...)}
}

// Check answers nil, or why this session must not be carried out.
func Check(session *clientv1.Session) *Refusal {
	if session == nil {
		return refuse("session", "is missing")
	}
	routes, r := checkRoutes(session.GetRoutes(), session.GetPolicy().GetFullTunnel())
	if r == nil {
		r = checkAddresses(session.GetAddresses())
	}
	if r == nil {
		r = checkDNS(session.GetDns())
	}
	if r == nil && session.GetMtu() != 0 && (session.GetMtu() < 1280 || session.GetMtu() > 1500) {
		r = refuse("mtu", "%d is not between 1280 and 1500", session.GetMtu())
	}
	if r == nil {
		r = checkAccessPoints(session.GetAccessPoints(), routes)
	}
	if r == nil {
		r = checkNames(session)
	}
	return r
}

func checkAddresses(texts []string) *Refusal {
	if len(texts) == 0 || len(texts) > 4 {
		return refuse("addresses", "%d of them: there must be 1 to 4", len(texts))
	}
	seen := map[netip.Addr]bool{}
	for i, text := range texts {
		field := fmt.Sprintf("addresses[%d]", i)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return refuse(field, "is no address with a prefix length")
		}
		if !prefix.IsSingleIP() {
			return refuse(field, "%s is not a single address", prefix)
		}
		if !Unicast(prefix.Addr()) {
			return refuse(field, "%s is no address that a client can have", prefix.Addr())
		}
		if seen[prefix.Addr()] {
			return refuse(field, "%s is there twice", prefix.Addr())
		}
		seen[prefix.Addr()] = true
	}
	return nil
}

func checkDNS(dns *clientv1.Dns) *Refusal {
	for i, text := range dns.GetServers() {
		address, err := netip.ParseAddr(text)
		if err != nil || !Unicast(address) {
			return refuse(fmt.Sprintf("dns.servers[%d]", i), "is no address of a server")
		}
	}
	for i, name := range dns.GetDomains() {
		if !Domain(name) {
			return refuse(fmt.Sprintf("dns.domains[%d]", i), "is no name of a domain")
		}
	}
	return nil
}

func checkAccessPoints(list []*clientv1.AccessPoint, routes []netip.Prefix) *Refusal {
	for i, ap := range list {
		field := fmt.Sprintf("access_points[%d]", i)
		if probe, err := netip.ParseAddr(ap.GetProbeAddress()); err != nil || !Unicast(probe) {
			return refuse(field+".probe_address", "is no address that can be probed")
		}
		for j, endpoint := range ap.GetEndpoints() {
			field := fmt.Sprintf("%s.endpoints[%d].host", field, j)
			address, err := netip.ParseAddr(endpoint.GetHost())
			if err != nil {
				if !Domain(endpoint.GetHost()) {
					return refuse(field, "is neither an address nor a name")
				}
				continue
			}
			if r := Endpoint(field, address, routes); r != nil {
				return r
			}
		}
	}
	return nil
}

// Endpoint answers nil, or why an access point can not be reached at this address. Names are resolved later, so whoever
// resolves one asks here again. With a default route everything is inside the routes, and the engine's mark keeps it apart.
func Endpoint(field string, address netip.Addr, routes []netip.Prefix) *Refusal {
	address = address.Unmap()
	if !address.IsValid() || address.IsUnspecified() || address.IsMulticast() || address == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return refuse(field, "%s is no address of an access point", address)
	}
	for _, route := range routes {
		if route.Bits() > 0 && route.Contains(address) {
			return refuse(field, "%s is inside the intranet's own route %s: it would be reached only through itself", address, route)
		}
	}
	return nil
}

// Unicast is true for addresses that one other machine can have.
func Unicast(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" || a.Is4In6() {
		return false
	}
	for _, never := range neverInside {
		if never.Contains(a) {
			return false
		}
	}
	return true
}

// Domain is true for the name of a domain as DNS has them.
func Domain(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

func checkNames(session *clientv1.Session) *Refusal {
	names := map[string]string{
		"session_id": session.GetSessionId(), "display_name": session.GetDisplayName(),
		"instance_id": session.GetInstanceId(), "profile_revision": session.GetProfileRevision(),
	}
	for i, ap := range session.GetAccessPoints() {
		field := fmt.Sprintf("access_points[%d].", i)
		names[field+"id"], names[field+"name"], names[field+"region"] = ap.GetId(), ap.GetName(), ap.GetRegion()
	}
	for i, hop := range session.GetHops() {
		field := fmt.Sprintf("hops[%d].", i)
		names[field+"id"], names[field+"name"] = hop.GetId(), hop.GetName()
	}
	for field, name := range names {
		if !Name(name) {
			return refuse(field, "has characters in it that no name has")
		}
	}
	return nil
}

// Name is true for text that can stand in one line of a log, a title or a menu: no control characters, no line ends, and
// nothing that turns the direction of the text round.
func Name(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, c := range text {
		if unicode.IsControl(c) || unicode.Is(unicode.Zl, c) || unicode.Is(unicode.Zp, c) || unicode.Is(unicode.Bidi_Control, c) {
			return false
		}
	}
	return true
}
