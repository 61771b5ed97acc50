package main

import (
	"fmt"
	"sync/atomic"

	"sag.software/native/internal/accesspoint/agent"
	"sag.software/native/internal/accesspoint/state"
)

// credentials are kept in the state directory.
type credentials struct {
	directory *state.Directory
	token     string
	current   atomic.Pointer[state.Identity]
}

func newCredentials(directory *state.Directory, token string) (*credentials, error) {
	identity, _, err := directory.Identity()
	if err != nil {
		return nil, fmt.Errorf("%w; remove it and register anew with a token", err)
	}
	c := &credentials{directory: directory, token: token}
	c.current.Store(&identity)
	if identity.Token == "" && token == "" {
		return nil, agent.ErrNoCredentials
	}
	return c, nil
}

func (c *credentials) id() string { return c.current.Load().AccessPointID }

// Identity implements agent.Credentials.
func (c *credentials) Identity() string { return c.current.Load().Token }

// Token implements agent.Credentials.
func (c *credentials) Token() string { return c.token }

// Registered implements agent.Credentials.
func (c *credentials) Registered(accessPointID, token string) error {
	identity := state.Identity{AccessPointID: accessPointID, Token: token}
	if err := c.directory.SaveIdentity(identity); err != nil {
		return err
	}
	c.current.Store(&identity)
	return nil
}
