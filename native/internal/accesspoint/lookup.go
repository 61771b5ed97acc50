package accesspoint

import (
	"net/netip"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/datapath/acl"
	"sag.software/native/internal/mtu"
)

// lookup implements forward.Clients.
type lookup Point

func (l *lookup) Client(inner netip.Addr) *forward.Client {
	return l.clients.Load().byAddress[inner].forwarding
}

// Access returns the access list of a client, nil = no client has the address.
func (l *lookup) Access(inner netip.Addr) *acl.Client {
	if s := l.clients.Load().byAddress[inner].session; s != nil {
		return s.access
	}
	return nil
}

// PathMTU is the largest inner packet that the path to a client carries, bytes, by the client's last probe.
func (l *lookup) PathMTU(inner netip.Addr) int {
	if s := l.clients.Load().byAddress[inner].session; s != nil {
		return int(s.mtu.Load())
	}
	return mtu.Floor
}

func (l *lookup) IsInner(address netip.Addr) bool {
	clients := l.clients.Load()
	_, is := clients.byAddress[address]
	return is || address == clients.probe
}
