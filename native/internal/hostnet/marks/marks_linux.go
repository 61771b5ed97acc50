package marks

// Firewall marks (SO_MARK, fwmark). They must differ: an access point and a tunnel may run on one host, and packets with the
// tunnel's mark bypass the tunnel.
const (
	// TunnelTraffic marks the tunnel's own packets: those of the engine and the DNS forwarder. It is constant, because it is
	// needed before the host's configuration is read.
	TunnelTraffic = 0x53470000
	// AccessPointClients marks forwarded packets from an access point's clients.
	AccessPointClients = 0x53470001
)

// Routing tables and rules (ip route, ip rule).
const (
	// MainTable is RT_TABLE_MAIN, the table for the host's routes.
	MainTable = 254
	// FirstTable is the first number tried for the tunnel's routing table.
	FirstTable = 0x5347
	// FirstPriority is the priority of the rule for that table, unless another program's rule has a higher one.
	FirstPriority = 5200
	// RouteProtocol is the protocol number of the tunnel's routes and rules, shown by `ip route` as `proto 207`.
	RouteProtocol = 207
)

// LinkAlias is the alias of the tunnel's link, which identifies it as such.
const LinkAlias = "sag-tunnel"

// Names of nftables tables, as `nft list tables` shows them.
const (
	KillSwitchTable = "sag-tunnel"
	LockdownTable   = "sag-lockdown"
	// AccessPointTablePrefix is followed by the name of the access point's link.
	AccessPointTablePrefix = "sag-access-point-"
)

// AfterFilters is the priority of the tunnel's nftables chains relative to NF_IP_PRI_FILTER: after other filters and address
// translation, so that they see the packets as they would leave.
const AfterFilters = 10
