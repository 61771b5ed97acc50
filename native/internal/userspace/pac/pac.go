// Package pac writes the proxy auto-configuration that sends the intranet to the proxy and nothing else.
package pac

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"sag.software/native/internal/userspace/inside"
)

// ContentType of the file.
const ContentType = "application/x-ns-proxy-autoconfig"

// Write makes the file. A nil rule means that it is not known what is inside: then the proxy decides about everything.
func Write(rule *inside.Rule, http, socks netip.AddrPort) string {
	var b strings.Builder
	fmt.Fprintf(&b, "var proxy = %s;\n", quote(fmt.Sprintf("PROXY %s; SOCKS5 %s; SOCKS %s", http, socks, socks)))
	b.WriteString("function FindProxyForURL(url, host) {\n")
	if rule == nil || rule.RefuseOutside || rule.Everything {
		b.WriteString("  return proxy;\n}\n")
		return b.String()
	}
	b.WriteString("  host = host.toLowerCase();\n")
	b.WriteString("  if (host.charAt(host.length - 1) === \".\") host = host.slice(0, -1);\n")
	// isInNet would resolve a name, so it is asked about addresses only.
	b.WriteString("  if (/^[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+$/.test(host)) {\n")
	v6 := false
	for _, prefix := range rule.Routes {
		if prefix.Addr().Is6() {
			v6 = true
			continue
		}
		fmt.Fprintf(&b, "    if (isInNet(host, %s, %s)) return proxy;\n", quote(prefix.Addr().String()), quote(mask(prefix.Bits())))
	}
	b.WriteString("    return \"DIRECT\";\n  }\n")
	// PAC has no portable test for IPv6 prefixes: if any are inside, the proxy decides.
	fmt.Fprintf(&b, "  if (host.indexOf(\":\") >= 0) return %s;\n", choice(v6))
	b.WriteString("  if (host === \"localhost\" || host.slice(-10) === \".localhost\") return \"DIRECT\";\n")
	for _, domain := range rule.Domains {
		fmt.Fprintf(&b, "  if (host === %s || host.slice(%d) === %s) return proxy;\n", quote(domain), -len(domain)-1, quote("."+domain))
	}
	fmt.Fprintf(&b, "  return %s;\n}\n", choice(len(rule.Domains) == 0 && rule.NameServers))
	return b.String()
}

func choice(inside bool) string {
	if inside {
		return "proxy"
	}
	return `"DIRECT"`
}

// quote makes a JavaScript string: JSON's with <, > and & escaped is one everywhere.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func mask(bits int) string {
	all := ^uint32(0) << (32 - bits)
	return fmt.Sprintf("%d.%d.%d.%d", byte(all>>24), byte(all>>16), byte(all>>8), byte(all))
}
