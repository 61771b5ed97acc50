package service

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	"sag.software/native/internal/control"
)

// Client speaks to the service about lockdown.
type Client struct {
	rpc   tunnelv1connect.TunnelServiceClient
	leave func()
}

// Living is a client of the service that runs; nil if none does.
func Living(ctx context.Context, dir string) (*Client, error) {
	rpc, leave := control.Dial(dir)
	_, err := rpc.GetLockdown(ctx, connect.NewRequest(&tunnelv1.GetLockdownRequest{}))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		leave()
		return nil, nil
	}
	if err != nil {
		leave()
		return nil, err
	}
	return &Client{rpc: rpc, leave: leave}, nil
}

// Leave ends it.
func (c *Client) Leave() { c.leave() }

// Lockdown is how it is.
func (c *Client) Lockdown(ctx context.Context) (*tunnelv1.Lockdown, error) {
	answer, err := c.rpc.GetLockdown(ctx, connect.NewRequest(&tunnelv1.GetLockdownRequest{}))
	if err != nil {
		return nil, err
	}
	return answer.Msg.GetLockdown(), nil
}

// SetLockdown sets or lifts it.
func (c *Client) SetLockdown(ctx context.Context, on bool, clouds []string) (*tunnelv1.Lockdown, error) {
	answer, err := c.rpc.SetLockdown(ctx, connect.NewRequest(&tunnelv1.SetLockdownRequest{On: on, Clouds: clouds}))
	if err != nil {
		return nil, err
	}
	return answer.Msg.GetLockdown(), nil
}

// OpenPortal opens the way to a captive portal.
func (c *Client) OpenPortal(ctx context.Context, duration time.Duration) (*tunnelv1.Lockdown, error) {
	answer, err := c.rpc.OpenPortal(ctx, connect.NewRequest(&tunnelv1.OpenPortalRequest{Duration: durationpb.New(duration)}))
	if err != nil {
		return nil, err
	}
	return answer.Msg.GetLockdown(), nil
}
