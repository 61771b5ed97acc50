package fsm

// Phase is where a tunnel is.
type Phase int

// The phases of a tunnel. core adds that the user is signed out, and that the tunnel process is gone.
const (
	Disconnected Phase = iota + 1
	Connecting
	Connected
	Reconnecting
	Disconnecting
	Failed
)

// String is the phase in lower case, for example "connected".
func (p Phase) String() string {
	switch p {
	case Disconnected:
		return "disconnected"
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Reconnecting:
		return "reconnecting"
	case Disconnecting:
		return "disconnecting"
	case Failed:
		return "failed"
	default:
		return "unspecified"
	}
}

// Over is true where no session is wanted.
func (p Phase) Over() bool { return p == Disconnected || p == Failed }
