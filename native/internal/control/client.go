package control

import (
	"context"
	"net"
	"net/http"
	"path/filepath"

	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
)

// Dial is how a program on this machine speaks to the server of a directory. leave closes the connections.
func Dial(dir string) (client tunnelv1connect.TunnelServiceClient, leave func()) {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, SocketName))
	}}
	return tunnelv1connect.NewTunnelServiceClient(&http.Client{Transport: transport}, "http://sag-tunnel"), transport.CloseIdleConnections
}
