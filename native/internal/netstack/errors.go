package netstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// The kinds of failure of a connection, for errors.Is.
var (
	ErrRefused     = errors.New("connection refused")
	ErrUnreachable = errors.New("destination unreachable")
	// ErrProhibited means that an access list or a firewall does not allow the connection. It is also an ErrUnreachable.
	ErrProhibited = fmt.Errorf("administratively prohibited: %w", ErrUnreachable)
	ErrTimeout    = errors.New("timed out")
	ErrReset      = errors.New("connection reset")
	ErrClosed     = errors.New("the stack is closed")
)

// meanings is keyed by gVisor's error texts, because its net.Conn adapters return only the text.
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

// failure prints as the detailed error, and errors.Is matches both it and its meaning.
type failure struct {
	detail  error
	meaning error
}

func (f *failure) Error() string   { return f.detail.Error() }
func (f *failure) Unwrap() []error { return []error{f.meaning, f.detail} }

// classify adds the meaning to an error of gVisor's adapters.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &failure{detail: err, meaning: ErrTimeout}
	}
	// gVisor's adapters return a timeout error of their own instead of os.ErrDeadlineExceeded.
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

// tcpipError converts a gVisor error.
func tcpipError(err tcpip.Error) error {
	if err == nil {
		return nil
	}
	return classify(errors.New(err.String()))
}
