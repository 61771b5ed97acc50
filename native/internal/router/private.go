package router

// private are the domains that home and company networks use internally. None is in the public DNS, so a name
// below one of them looks like a short name, but is fully qualified.
var private = []string{
	"home.arpa", "local", // RFC 8375, RFC 6762
	"intranet", "internal", "private", "corp", "home", "lan", // RFC 6762, appendix G; "internal" is reserved for this by ICANN
	"localdomain", "router", "ip", // what routers and installers give out ("speedport.ip")
	"test", "example", "invalid", "onion", "alt", // RFC 6761, RFC 7686, RFC 9476
}

// Private reports whether a name has several labels and ends in a domain of local networks or of special use.
func Private(name string) bool {
	for _, domain := range private {
		if len(name) > len(domain) && Below(name, []string{domain}) {
			return true
		}
	}
	return false
}
