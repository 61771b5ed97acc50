package netstack

import (
	"math/rand/v2"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip"
)

const (
	// firstPort and portCount are the local ports of outgoing connections: gVisor's default range.
	firstPort, portCount = 16384, 49152
	// portStep bounds the random increments between them.
	portStep = 8
	// portTries is how many ports are tried before the choice is left to gVisor.
	portTries = 64
)

// ports assigns local ports in order with random increments (RFC 6056, 3.3.5), so that a port is reused only after
// thousands of others. A port that is reused at once may match a former connection at the access point whose reset is still
// being processed, and gVisor then refuses the new one.
type ports struct{ last atomic.Uint32 }

func (p *ports) next() uint16 {
	return uint16(firstPort + p.last.Add(1+rand.Uint32N(portStep))%portCount)
}

// bind binds the endpoint to a local port. If none is free, gVisor chooses one when it connects. The address must be the one that the
// connection will have: after binding to any address, gVisor releases the port for the connection's address only, and the port stays
// reserved for ever.
func (p *ports) bind(endpoint tcpip.Endpoint, local tcpip.Address) {
	for range portTries {
		if endpoint.Bind(tcpip.FullAddress{Addr: local, Port: p.next()}) == nil {
			return
		}
	}
}
