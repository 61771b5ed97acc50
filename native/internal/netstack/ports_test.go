package netstack

import "testing"

func TestPortsAreReusedLate(t *testing.T) {
	var p ports
	seen := map[uint16]int{}
	for i := range 4 * portCount {
		port := p.next()
		if port < firstPort {
			t.Fatalf("port %d", port)
		}
		if before, ok := seen[port]; ok && i-before < portCount/portStep {
			t.Fatalf("port %d was reused after %d others", port, i-before)
		}
		seen[port] = i
	}
	if len(seen) < portCount*9/10 {
		t.Fatalf("only %d ports", len(seen))
	}
}
