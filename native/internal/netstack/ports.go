package netstack

import (
	"math/rand/v2"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip"
)

const (
	// firstPort and portCount are the ports that connections are made from: gVisor's own range.
	firstPort, portCount = 16384, 49152
	// portStep bounds the random steps between them.
	portStep = 8
	// portTries is how many ports are tried before gVisor is left to choose.
	portTries = 64
)

// ports hands out local ports in order, in random steps (RFC 6056, 3.3.5), so that a port comes again only after thousands of
// others. A port that comes again at once may meet its former connection at the access point, whose reset is still being worked
// on; gVisor then refuses the new one.
type ports struct{ last atomic.Uint32 }

func (p *ports) next() uint16 {
	return uint16(firstPort + p.last.Add(1+rand.Uint32N(portStep))%portCount)
}

// bind gives the endpoint a local port. If there is none to be had, gVisor chooses one when it connects.
func (p *ports) bind(endpoint tcpip.Endpoint) {
	for range portTries {
		if endpoint.Bind(tcpip.FullAddress{Port: p.next()}) == nil {
			return
		}
	}
}
