package netstack

import (
	"context"
	"errors"
	"net"
	"os"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// How a destination inside failed, for errors.Is.
var (
	ErrRefused     = errors.New("connection refused")
	ErrUnreachable = errors.New("destination unreachable")
	ErrTimeout     = errors.New("timed out")
	ErrReset       = errors.New("connection reset")
	ErrClosed      = errors.New("the stack is closed")
)

// meanings goes by gVisor's texts, because its net.Conn adapters pass nothing else on.
var meanings = map[string]error{
	(&tcpip.ErrConnectionRefused{}).String():    ErrRefused,
	(&tcpip.ErrHostUnreachable{}).String():      ErrUnreachable,
	(&tcpip.ErrNetworkUnreachable{}).String():   ErrUnreachable,
	(&tcpip.ErrHostDown{}).String():             ErrUnreachable,
	(&tcpip.ErrNoNet{}).String():                ErrUnreachable,
	(&tcpip.ErrTimeout{}).String():              ErrTimeout,
	(&tcpip.ErrConnectionReset{}).String():      ErrReset,
	(&tcpip.ErrConnectionAborted{}).String():    ErrReset,
	(&tcpip.ErrClosedForSend{}).String():        ErrClosed,
	(&tcpip.ErrInvalidEndpointState{}).String(): ErrClosed,
}

// failure is an error with its meaning: its text is the detailed one, errors.Is knows both.
type failure struct {
	detail  error
	meaning error
}

func (f *failure) Error() string   { return f.detail.Error() }
func (f *failure) Unwrap() []error { return []error{f.meaning, f.detail} }

// classify gives an error of gVisor's adapters its meaning.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &failure{detail: err, meaning: ErrTimeout}
	}
	// gVisor's adapters have a timeout of their own, which is not the one that users of net.Conn compare with.
	var op *net.OpError
	if errors.As(err, &op) && op.Timeout() {
		passed := *op
		passed.Err = os.ErrDeadlineExceeded
		return &passed
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if meaning, ok := meanings[inner.Error()]; ok {
			return &failure{detail: err, meaning: meaning}
		}
	}
	return err
}

// tcpipError makes an error of gVisor's own kind.
func tcpipError(err tcpip.Error) error {
	if err == nil {
		return nil
	}
	return classify(errors.New(err.String()))
}
