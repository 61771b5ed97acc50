// Package pac writes the proxy auto-configuration (PAC) file, which makes browsers use the proxy for everything that may be
// in the intranet.
package pac

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"sag.software/native/internal/router"
)

// ContentType is the media type of the file.
const ContentType = "application/x-ns-proxy-autoconfig"

// Write returns the PAC file. It decides about addresses and about names in the intranet's domains. Other names can resolve
// to intranet addresses, so they are sent to the proxy, where package router decides; if the proxy is gone, browsers
// connect directly. With a nil policy the intranet is not known yet, and the proxy decides about everything.
//
// SOCKS5 is listed first because it does not parse HTTP, so that devices with a non-standard HTTP server keep working.
func Write(policy *router.Policy, http, socks netip.AddrPort) string {
	var b strings.Builder
	fmt.Fprintf(&b, "var proxy = %s;\n", quote(fmt.Sprintf("SOCKS5 %s; PROXY %s; SOCKS %s", socks, http, socks)))
	b.WriteString("function FindProxyForURL(url, host) {\n")
	if policy == nil || policy.RefuseDirect || policy.FullTunnel {
		b.WriteString("  return proxy;\n}\n")
		return b.String()
	}
	b.WriteString("  host = host.toLowerCase();\n")
	b.WriteString("  if (host.charAt(host.length - 1) === \".\") host = host.slice(0, -1);\n")
	// isInNet would resolve a name, so it is called for addresses only.
	b.WriteString("  if (/^[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+$/.test(host)) {\n")
	for _, prefix := range policy.Routes {
		if prefix.Addr().Is4() {
			fmt.Fprintf(&b, "    if (isInNet(host, %s, %s)) return proxy;\n", quote(prefix.Addr().String()), quote(mask(prefix.Bits())))
		}
	}
	b.WriteString("    return \"DIRECT\";\n  }\n")
	// PAC has no portable test for IPv6 prefixes: if any are tunneled, the proxy decides.
	fmt.Fprintf(&b, "  if (host.indexOf(\":\") >= 0) return %s;\n", choice(policy.IPv6()))
	b.WriteString("  if (host === \"localhost\" || host.slice(-10) === \".localhost\") return \"DIRECT\";\n")
	if !policy.NameServers && !policy.Reaches() {
		b.WriteString("  return \"DIRECT\";\n}\n")
		return b.String()
	}
	if policy.NameServers && len(policy.Domains) == 0 {
		b.WriteString("  return proxy;\n}\n")
		return b.String()
	}
	for _, domain := range policy.Domains {
		fmt.Fprintf(&b, "  if (host === %s || host.slice(%d) === %s) return proxy;\n", quote(domain), -len(domain)-1, quote("."+domain))
	}
	if policy.NameServers {
		// A short name may be an intranet host, whether or not its search domain is configured here.
		b.WriteString("  if (host.indexOf(\".\") < 0) return proxy;\n")
	}
	b.WriteString("  return proxy + \"; DIRECT\";\n}\n")
	return b.String()
}

func choice(tunneled bool) string {
	if tunneled {
		return "proxy"
	}
	return `"DIRECT"`
}

// quote returns a JavaScript string literal: a JSON string with <, > and & escaped is a valid one.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func mask(bits int) string {
	all := ^uint32(0) << (32 - bits)
	return fmt.Sprintf("%d.%d.%d.%d", byte(all>>24), byte(all>>16), byte(all>>8), byte(all))
}
