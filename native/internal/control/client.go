package control

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
)

// Dial returns a client for the server whose socket is in dir. leave closes its connections.
func Dial(dir string) (client tunnelv1connect.TunnelServiceClient, leave func()) {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, SocketName))
	}}
	return tunnelv1connect.NewTunnelServiceClient(&http.Client{Transport: transport}, "http://sag-tunnel"), transport.CloseIdleConnections
}

// Client is an administrator's connection to the running service.
type Client struct {
	rpc   tunnelv1connect.TunnelServiceClient
	leave func()
}

// Connect connects to the service whose socket is in dir; it returns nil if none is running.
func Connect(ctx context.Context, dir string) (*Client, error) {
	rpc, leave := Dial(dir)
	c := &Client{rpc: rpc, leave: leave}
	_, err := c.Lockdown(ctx)
	if err == nil {
		return c, nil
	}
	leave()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		err = nil
	}
	return nil, err
}

// Leave closes the connection.
func (c *Client) Leave() { c.leave() }

// Lockdown returns the state of lockdown.
func (c *Client) Lockdown(ctx context.Context) (Lockdown, error) {
	answer, err := c.rpc.GetLockdown(ctx, connect.NewRequest(&tunnelv1.GetLockdownRequest{}))
	if err != nil {
		return Lockdown{}, received(err)
	}
	return lockdownOf(answer.Msg.GetLockdown()), nil
}

// SetLockdown turns lockdown on or off.
func (c *Client) SetLockdown(ctx context.Context, on bool, clouds []string) (Lockdown, error) {
	answer, err := c.rpc.SetLockdown(ctx, connect.NewRequest(&tunnelv1.SetLockdownRequest{On: on, Clouds: clouds}))
	if err != nil {
		return Lockdown{}, received(err)
	}
	return lockdownOf(answer.Msg.GetLockdown()), nil
}

// OpenPortal opens the captive-portal exception.
func (c *Client) OpenPortal(ctx context.Context, duration time.Duration) (Lockdown, error) {
	answer, err := c.rpc.OpenPortal(ctx, connect.NewRequest(&tunnelv1.OpenPortalRequest{Duration: durationpb.New(duration)}))
	if err != nil {
		return Lockdown{}, received(err)
	}
	return lockdownOf(answer.Msg.GetLockdown()), nil
}

// Disconnect ends the sessions of all users. It returns false if there were none.
func (c *Client) Disconnect(ctx context.Context) (bool, error) {
	states, err := c.rpc.GetStates(ctx, connect.NewRequest(&tunnelv1.GetStatesRequest{}))
	if err != nil {
		return false, received(err)
	}
	for _, state := range states.Msg.GetStates() {
		if _, err := c.rpc.Stop(ctx, connect.NewRequest(&tunnelv1.StopRequest{IntranetId: state.GetIntranetId()})); err != nil {
			return false, received(err)
		}
	}
	return len(states.Msg.GetStates()) > 0, nil
}

// received adds the failure in a server's error, if there is one.
func received(err error) error {
	if f := wire.Received(err); f != nil {
		return &failure.Error{Failure: f, Under: err}
	}
	return err
}
