// Package deps holds the module's direct requirements until the code that needs them has landed.
package deps

import (
	_ "buf.build/go/protovalidate"
	_ "connectrpc.com/connect"
	_ "connectrpc.com/validate"
	_ "github.com/godbus/dbus/v5"
	_ "github.com/miekg/dns"
	_ "github.com/vishvananda/netlink"
	_ "golang.org/x/net/ipv4"
	_ "golang.org/x/sys/unix"
	_ "golang.zx2c4.com/wireguard/device"
	_ "gvisor.dev/gvisor/pkg/tcpip/stack"
	_ "pgregory.net/rapid"
)
