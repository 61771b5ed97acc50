package main

import (
	"sync"
	"sync/atomic"

	"sag.software/native/internal/accesspoint/agent"
	"sag.software/native/internal/accesspoint/state"
)

// credentials are stored in the state directory.
type credentials struct {
	directory *state.Directory
	current   atomic.Pointer[state.Identity]

	mu      sync.Mutex
	reading <-chan string
	token   string
}

// newCredentials waits for the token only if there is no identity yet.
func newCredentials(directory *state.Directory, token <-chan string) (*credentials, error) {
	identity, registered, err := directory.Identity()
	if err != nil {
		return nil, err
	}
	c := &credentials{directory: directory, reading: token}
	c.current.Store(&identity)
	if !registered {
		if c.token = <-token; c.token == "" {
			return nil, agent.ErrNoCredentials
		}
	}
	return c, nil
}

func (c *credentials) id() string { return c.current.Load().AccessPointID }

// Identity implements agent.Credentials.
func (c *credentials) Identity() string { return c.current.Load().Token }

// Token implements agent.Credentials.
func (c *credentials) Token() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case token := <-c.reading:
		c.token = token
	default:
	}
	return c.token
}

// Registered implements agent.Credentials.
func (c *credentials) Registered(accessPointID, token string) error {
	identity := state.Identity{AccessPointID: accessPointID, Token: token}
	if err := c.directory.SaveIdentity(identity); err != nil {
		return err
	}
	c.current.Store(&identity)
	return nil
}
