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

// ErrNotSupported is the error on operating systems that this is not written for.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedLockdown()}

// Firewall is a host's part of lockdown.
type Firewall interface {
	// Set puts lockdown in force as ruled, without a moment between it and a former one. It does nothing if that is in force already.
	Set(Rules) error
	// Clear lifts lockdown; false if there is none.
	Clear() (bool, error)
	// InForce reads what is in force; nil if nothing is.
	InForce() (*InForce, error)
	// OpenPortal opens the captive-portal exception for a link; Portal reads it, nil if it is not open.
	OpenPortal(link string, duration time.Duration) error
	Portal() (*captive.Exception, error)
	Capabilities() Capabilities
}

// Capabilities say what the lockdown of an operating system can do.
type Capabilities uint

const (
	// DropsAll: nothing leaves but what the rules permit, also of what the host forwards.
	DropsAll Capabilities = 1 << iota
	// Persists: it stays in force when the process that set it ends.
	Persists
	// Portals: the operating system itself ends a captive-portal exception.
	Portals
)

// Has is true if all of some capabilities are there.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Rules are what may leave the host under lockdown: the tunnel, and what is needed to bring it up.
type Rules struct {
	// Links is what the names of the tunnel's links begin with.
	Links string `json:"links"`
	// Endpoints are the access points', for the tunnel's own traffic.
	Endpoints []permit.Endpoint `json:"endpoints,omitempty"`
	// Cloud are the cloud instances, which programs have to reach to sign in and dial.
	Cloud []permit.Endpoint `json:"cloud,omitempty"`
	// BypassNames are the names of both, which may be asked for.
	BypassNames []string `json:"bypassNames,omitempty"`
}

// Digest is the same for two rules exactly if they are the same.
func (r Rules) Digest() string {
	text, err := json.Marshal(r)
	if err != nil {
		// It consists of values that can always be written.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// InForce is a lockdown that is in force.
type InForce struct {
	// Digest is that of its rules; a table that another program has changed matches no digest.
	Digest string
	// Dropped counts the packets that were dropped since lockdown was first put in force.
	Dropped uint64
}
