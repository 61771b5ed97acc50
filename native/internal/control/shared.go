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

// adminGroup is whose members may administer the service beside root.
const adminGroup = "sag-admin"

// Caller is who calls the service, by the kernel's word.
type Caller struct {
	UID uint32
	// Person is the user whose limits count: UID, or the user whose subordinate id UID is.
	Person uint32
	// Admin may do more than use a tunnel of its own.
	Admin bool
}

// SharedHandler serves the callers of all users; of says what each of them may drive.
func SharedHandler(version string, of func(Caller) Tunnel) http.Handler {
	return handler(typesv1.Mode_MODE_SYSTEM, version, func(ctx context.Context) (Tunnel, error) {
		caller, ok := ctx.Value(whoKey{}).(Caller)
		if !ok {
			return nil, failure.New(failure.NotPermitted, msg.CallerUnknown())
		}
		return of(caller), nil
	})
}

type whoKey struct{}

// ListenShared makes the socket that every user may call, in a directory that only this one can write. It is opened to the
// others when it is ready to tell them apart, not before.
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

// identified finds out which user calls, and refuses a caller that it cannot identify.
func identified(next http.Handler, logger *slog.Logger) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(callerKey{}).(net.Conn)
		uid, err := callerOf(conn)
		if err != nil {
			logger.Warn("a caller that the kernel does not know was refused", "error", err)
			_ = refusals.Write(w, r, wire.Connect(failure.New(failure.NotPermitted, msg.CallerUnknown())))
			return
		}
		caller := Caller{UID: uid, Person: person.Of(uid), Admin: IsAdmin(uid)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, caller)))
	})
}

// IsAdmin is true for root and for members of the group sag-admin. It is looked up every time, because membership may change.
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
