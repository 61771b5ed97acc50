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
)

// adminGroup is whose members may administer the service beside root.
const adminGroup = "sag-admin"

// sharedLimit is how many connections of all users there may be at a time, userLimit how many of one user.
const (
	sharedLimit = 256
	userLimit   = 32
)

// Caller is who calls the service, by the kernel's word.
type Caller struct {
	UID uint32
	// Admin may do more than use a tunnel of its own.
	Admin bool
}

// SharedHandler serves the callers of all users; of says what each of them may drive.
func SharedHandler(version string, of func(Caller) Tunnel) http.Handler {
	return handler(typesv1.Mode_MODE_SYSTEM, version, func(ctx context.Context) (Tunnel, error) {
		caller, ok := ctx.Value(whoKey{}).(Caller)
		if !ok {
			return nil, failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "the caller is not known")
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
	s := newServer(path, newCrowd(newLimited(listener, sharedLimit), logger), identified(handler, logger))
	if err := os.Chmod(path, 0o666); err != nil {
		_ = listener.Close()
		return nil, err
	}
	return s, nil
}

// identified finds out who calls, and refuses whom it can not find out.
func identified(next http.Handler, logger *slog.Logger) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(callerKey{}).(net.Conn)
		uid, err := callerOf(conn)
		if err != nil {
			logger.Warn("a caller that the kernel does not know was refused", "error", err)
			_ = refusals.Write(w, r, failure.Connect(failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "the caller is not known")))
			return
		}
		caller := Caller{UID: uid, Admin: uid == 0 || isAdmin(uid)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, caller)))
	})
}

// isAdmin is asked of the machine's user database for every call: membership may change.
func isAdmin(uid uint32) bool {
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
