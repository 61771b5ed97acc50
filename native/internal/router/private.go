package router

// private are the domains that home and company networks use internally. None of them is in the public DNS, so a name below
// one looks like a short name although it is fully qualified.
var private = []string{
	"home.arpa", "local", // RFC 8375, RFC 6762
	"intranet", "internal", "private", "corp", "home", "lan", // RFC 6762, appendix G; "internal" is reserved for this by ICANN
	"localdomain", "router", "ip", // defaults of routers and installers ("speedport.ip")
	"test", "example", "invalid", "onion", "alt", // RFC 6761, RFC 7686, RFC 9476
}

// Private reports whether a name has several labels and ends in a private or special-use domain.
func Private(name string) bool {
	for _, domain := range private {
		if len(name) > len(domain) && Below(name, []string{domain}) {
			return true
		}
	}
	return false
}
