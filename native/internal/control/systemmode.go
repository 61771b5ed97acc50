package control

import (
	"context"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/msg"
)

// Gatekeeper is a Tunnel of system mode, where an administrator may restrict who connects which intranet.
type Gatekeeper interface {
	// MayConnect returns nil if the caller may connect the host to an intranet, otherwise the reason.
	MayConnect(cloudURL, enterpriseCode string) error
}

// LogReader is a Tunnel of system mode, where the log file belongs to the service.
type LogReader interface {
	// ReadLog returns the lines after a line number that the caller may read, and the number of the last line.
	ReadLog(ctx context.Context, after uint64) (lines []string, last uint64, err error)
}

func (s *service) MayConnect(ctx context.Context, r *connect.Request[tunnelv1.MayConnectRequest]) (*connect.Response[tunnelv1.MayConnectResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	answer := &tunnelv1.MayConnectResponse{}
	if gate, ok := t.(Gatekeeper); ok {
		if err := gate.MayConnect(r.Msg.GetCloudUrl(), r.Msg.GetEnterpriseCode()); err != nil {
			answer.Refusal = wire.Message(failure.From(err, failure.NotPermitted))
		}
	}
	return connect.NewResponse(answer), nil
}

func (s *service) ReadLog(ctx context.Context, r *connect.Request[tunnelv1.ReadLogRequest]) (*connect.Response[tunnelv1.ReadLogResponse], error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	reader, ok := t.(LogReader)
	if !ok {
		return nil, failure.New(failure.NotPermitted, msg.LogIsUsers())
	}
	lines, last, err := reader.ReadLog(ctx, r.Msg.GetAfter())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.ReadLogResponse{Lines: lines, Last: last}), nil
}
