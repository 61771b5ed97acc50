package lockdown

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"sag.software/native/internal/hostnet/captive"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/msg"
)

// ErrNotSupported is returned on operating systems without an implementation.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedLockdown()}

// Firewall applies lockdown to a host.
type Firewall interface {
	// Set puts rules in force. It replaces former ones atomically, and does nothing if the same ones are in force.
	Set(Rules) error
	// Clear removes lockdown. It returns false if there is none.
	Clear() (bool, error)
	// InForce returns the lockdown in force, nil if there is none.
	InForce() (*InForce, error)
	// OpenPortal opens the captive-portal exception for a link; Portal returns it, nil if it is not open.
	OpenPortal(link string, duration time.Duration) error
	Portal() (*captive.Exception, error)
	Capabilities() Capabilities
}

// Capabilities are what the lockdown of an operating system supports.
type Capabilities uint

const (
	// DropsAll means that everything that the rules do not permit is dropped, including forwarded packets.
	DropsAll Capabilities = 1 << iota
	// Persists means that it stays in force after the process that set it has ended.
	Persists
	// Portals means that the operating system itself ends a captive-portal exception.
	Portals
)

// Has is true if all the given capabilities are present.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Rules are what may leave the host under lockdown: the tunnel, and what is needed to bring it up.
type Rules struct {
	// Links is the prefix of the names of the tunnel's links.
	Links string `json:"links"`
	// Endpoints are the access points' endpoints, for the tunnel's own traffic.
	Endpoints []permit.Endpoint `json:"endpoints,omitempty"`
	// Cloud are the cloud instances, which programs must reach to sign in and dial.
	Cloud []permit.Endpoint `json:"cloud,omitempty"`
	// BypassNames are the names of both, which may be queried.
	BypassNames []string `json:"bypassNames,omitempty"`
}

// Digest is equal for two rules exactly if they are the same.
func (r Rules) Digest() string {
	text, err := json.Marshal(r)
	if err != nil {
		// Rules contain only values that JSON can encode.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// InForce is a lockdown that is in force.
type InForce struct {
	// Digest is that of its rules. A table that another program has changed matches no digest.
	Digest string
	// Dropped counts dropped packets since lockdown was first put in force.
	Dropped uint64
}
