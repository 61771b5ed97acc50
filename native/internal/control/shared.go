package control

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"

	"connectrpc.com/connect"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/panics"
	"sag.software/native/internal/person"
)

// adminGroup is the group whose members may administer the service, besides root.
const adminGroup = "sag-admin"

// Caller is the calling process's user, as the kernel reports it.
type Caller struct {
	UID uint32
	// Person is the user that limits apply to: UID, or the user that the subordinate id UID belongs to.
	Person uint32
	// Admin is true for administrators.
	Admin bool
}

// SharedHandler answers calls of all users; of returns the tunnels that a caller has access to.
func SharedHandler(version string, of func(Caller) Tunnel) http.Handler {
	return handler(typesv1.Mode_MODE_SYSTEM, version, func(ctx context.Context) (Tunnel, error) {
		caller, ok := ctx.Value(identityKey{}).(Caller)
		if !ok {
			return nil, failure.New(failure.NotPermitted, msg.CallerUnknown())
		}
		return of(caller), nil
	})
}

type identityKey struct{}

// ListenShared makes a socket that every user may call, in a directory that only this process's user can write. The socket's mode
// is opened to other users last, once callers are identified.
func ListenShared(dir string, handler http.Handler, logger *slog.Logger) (*Server, error) {
	path, listener, err := socketIn(dir)
	if err != nil {
		return nil, err
	}
	s := newServer(path, newPerUserLimiter(listener, logger), panics.Handler(identified(handler, logger), logger))
	if err := os.Chmod(path, 0o666); err != nil {
		_ = listener.Close()
		return nil, err
	}
	return s, nil
}

// identified adds the Caller to the context, and refuses a call if the kernel does not report its user.
func identified(next http.Handler, logger *slog.Logger) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(callerKey{}).(net.Conn)
		uid, err := callerOf(conn)
		if err != nil {
			logger.Warn("refused a caller whose user is unknown", "error", err)
			_ = refusals.Write(w, r, wire.Connect(failure.New(failure.NotPermitted, msg.CallerUnknown())))
			return
		}
		caller := Caller{UID: uid, Person: person.Of(uid), Admin: IsAdmin(uid)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), identityKey{}, caller)))
	})
}

// IsAdmin is true for root and for members of the group sag-admin. Membership is not cached because it may change.
func IsAdmin(uid uint32) bool {
	if uid == 0 {
		return true
	}
	group, err := user.LookupGroup(adminGroup)
	if err != nil {
		return false
	}
	u, err := user.LookupId(strconv.Itoa(int(uid)))
	if err != nil {
		return false
	}
	groups, err := u.GroupIds()
	return err == nil && slices.Contains(groups, group.Gid)
}
