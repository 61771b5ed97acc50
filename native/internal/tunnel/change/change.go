// Package change is what watchers of a tunnel hear. It stands apart so that who only passes it on needs no tunnel.
package change

import tunnelv1 "sag.software/native/gen/sag/tunnel/v1"

// Change is one state with its place in the order of changes.
type Change struct {
	Revision uint64
	State    *tunnelv1.State
}
