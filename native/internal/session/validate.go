package session

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// These rules hold in system mode and in proxy mode. The cloud instance decides what goes through the tunnel, but it must
// not be able to take over a host's own addresses, its Internet access, or its logs.

const (
	// MaxRoutes is how many prefixes an intranet may have.
	MaxRoutes = 1024
	// MaxAddresses is how many addresses a client may have.
	MaxAddresses = 4
	minMTU       = 1280
	maxMTU       = 1500
)

// Refuse returns the error for an invalid session. The field is a path into the session, for example "routes[3]".
func Refuse(field string, m msg.Message) error { return RefuseAs(failure.AnswerInvalid, field, m) }

// RefuseAs is Refuse with another cause than answer_invalid.
func RefuseAs(cause failure.Cause, field string, m msg.Message) error {
	f := failure.Of(cause, m)
	f.Field = field
	return &failure.Error{Failure: f}
}

// Validate checks the session as a whole; routes, addresses, names and endpoints have been checked one by one.
func (s *Session) Validate() error {
	if !s.Address6.IsValid() {
		return Refuse("addresses", msg.SettingsWithoutIPv6("addresses"))
	}
	if s.MTU < minMTU || s.MTU > maxMTU {
		return Refuse("mtu", msg.SettingsMTU("mtu", strconv.Itoa(s.MTU)))
	}
	// The contract's limits do not reject a missing duration.
	if s.Lease <= 0 || s.RenewAfter <= 0 {
		return Refuse("lease", msg.SettingsWithoutLease("lease"))
	}
	for i, ap := range s.AccessPoints {
		if !ap.ProbeAddress.Is6() || !Unicast(ap.ProbeAddress) {
			field := fmt.Sprintf("access_points[%d].probe_address", i)
			return Refuse(field, msg.SettingsProbeAddress(field))
		}
	}
	return nil
}

// CheckOwnAddress returns nil, or why a prefix cannot be the client's address in the tunnel.
func CheckOwnAddress(field string, prefix netip.Prefix) error {
	if !prefix.IsSingleIP() {
		return Refuse(field, msg.SettingsAddressNotSingle(field, prefix.String()))
	}
	if !Unicast(prefix.Addr()) {
		return Refuse(field, msg.SettingsAddressUnusable(field, prefix.Addr().String()))
	}
	return nil
}

// Check returns nil, or why an access point cannot be reached at this endpoint. Of a name only the syntax is checked.
func (e Endpoint) Check(field string, routes []netip.Prefix) error {
	if e.Addr.IsValid() {
		return CheckEndpoint(field, e.Addr, routes)
	}
	if !Domain(e.Name) {
		return Refuse(field, msg.SettingsEndpointHost(field))
	}
	return nil
}

// CheckEndpoint returns nil, or why an access point cannot be reached at this address. The addresses of named endpoints are
// checked after their lookup. Default routes are ignored, because the engine's fwmark keeps its packets out of the tunnel.
func CheckEndpoint(field string, address netip.Addr, routes []netip.Prefix) error {
	address = address.Unmap()
	if !address.IsValid() || address.IsUnspecified() || address.IsMulticast() || address == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return Refuse(field, msg.SettingsEndpointAddress(field, address.String()))
	}
	for _, route := range routes {
		if route.Bits() > 0 && route.Contains(address) {
			return Refuse(field, msg.SettingsEndpointInside(field, address.String(), route.String()))
		}
	}
	return nil
}

// Unicast reports whether an address can belong to one other host.
func Unicast(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" || a.Is4In6() {
		return false
	}
	for _, never := range neverTunneled {
		if never.Contains(a) {
			return false
		}
	}
	return true
}

// Domain reports whether a name has the syntax of a domain name.
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

// Name reports whether a text can be shown in one line of a log, a title or a menu: it has no control characters, line ends
// or characters that change the text's direction.
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
