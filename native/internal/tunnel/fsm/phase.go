package fsm

// Phase is the stage of a tunnel's life.
type Phase int

// The phases of a tunnel. Signed out, and an absent tunnel process, are states that the core client adds.
const (
	Disconnected Phase = iota + 1
	Connecting
	Connected
	Reconnecting
	Disconnecting
	Failed
)

// String returns the phase in lower case, for example "connected".
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

// Over reports whether no session is wanted.
func (p Phase) Over() bool { return p == Disconnected || p == Failed }
