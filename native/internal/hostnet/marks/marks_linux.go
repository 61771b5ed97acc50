package marks

// Firewall marks (SO_MARK, fwmark). No two may be equal: an access point and a tunnel may run on one host, and packets with the
// tunnel's mark go past the tunnel.
const (
	// TunnelTraffic is on the tunnel's own packets: the engine's and the DNS forwarder's. It has to be known before the host is
	// looked at, so it is always this one.
	TunnelTraffic = 0x53470000
	// AccessPointClients is on forwarded packets that came from an access point's clients.
	AccessPointClients = 0x53470001
)

// Routing tables and rules (ip route, ip rule).
const (
	// MainTable is RT_TABLE_MAIN, where everybody's routes are.
	MainTable = 254
	// FirstTable is the tunnel's routing table, or the first free one from here on.
	FirstTable = 0x5347
	// FirstPriority is the priority of the rule that leads to it, unless another program's rule comes before.
	FirstPriority = 5200
	// RouteProtocol is the protocol number of the tunnel's routes and rules, which `ip route` and `ip rule` show as `proto 207`.
	RouteProtocol = 207
)

// LinkAlias is the alias of the tunnel's link, which says whose it is.
const LinkAlias = "sag-tunnel"

// Names of nftables tables, as `nft list tables` shows them.
const (
	KillSwitchTable = "sag-tunnel"
	LockdownTable   = "sag-lockdown"
	// AccessPointTablePrefix is followed by the name of the access point's link.
	AccessPointTablePrefix = "sag-access-point-"
)

// AfterFilters is the priority of the tunnel's nftables chains relative to NF_IP_PRI_FILTER: after everybody's filters and address
// translation, so that they see what would leave.
const AfterFilters = 10
