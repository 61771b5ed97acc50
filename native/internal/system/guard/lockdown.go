package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"time"
)

// Lockdown is what may leave while nothing else may: the tunnel, and what is needed to bring it up.
type Lockdown struct {
	// Links is what the names of the tunnel's links begin with.
	Links string `json:"links"`
	// Mark is on the engine's packets, which only root may send.
	Mark uint32 `json:"mark"`
	// Endpoints are the access points', for the engine.
	Endpoints []netip.AddrPort `json:"endpoints,omitempty"`
	// Cloud are the cloud instances, which whoever signs in or dials has to reach by TCP.
	Cloud []netip.AddrPort `json:"cloud,omitempty"`
	// Spared are the names of both, which may be asked for.
	Spared []string `json:"spared,omitempty"`
}

// Digest is the same for two of them exactly if they are the same.
func (l Lockdown) Digest() string {
	text, err := json.Marshal(l)
	if err != nil {
		// Only values that always can be written are in it.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Portal is the way to a captive portal, while it is open. The kernel shuts it.
type Portal struct {
	Link string
	Left time.Duration
}
