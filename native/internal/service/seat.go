package service

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/system/reconcile"
)

// ownerFile holds the user id that a tunnel belongs to, beside its session.
const ownerFile = "owner"

var intranetName = regexp.MustCompile(`^[0-9a-z]{4,32}$`)

// seat is one intranet's directory under the runtime directory: root's alone.
type seat struct {
	dir, intranet string
	owner         uint32
}

// newSeat makes the directory. Ids are chosen by users, so whatever is there under the same id may be another user's: nothing
// of it is taken over.
func newSeat(base, intranet string, owner uint32) (seat, error) {
	s := seat{dir: filepath.Join(base, intranet), intranet: intranet, owner: owner}
	if !intranetName.MatchString(intranet) {
		return s, failure.New(typesv1.Cause_CAUSE_INVALID_ARGUMENT, "%q is no intranet's id", intranet)
	}
	err := s.leave()
	if err == nil {
		err = os.Mkdir(s.dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, ownerFile), []byte(strconv.FormatUint(uint64(owner), 10)), 0o600)
	}
	if err != nil {
		return s, &failure.Error{Failure: failure.Of(reconcile.Cause(err), "%s", err), Under: errors.Join(err, s.leave())}
	}
	return s, nil
}

// leave removes the directory.
func (s seat) leave() error { return os.RemoveAll(s.dir) }

// wantedSeat is where a session is still wanted; nil if nowhere. There is at most one: further ones are removed.
func wantedSeat(base string) (*seat, error) {
	sessions, err := filepath.Glob(filepath.Join(base, "*", "session"))
	if err != nil {
		return nil, err
	}
	var wanted *seat
	for _, path := range sessions {
		s := seat{dir: filepath.Dir(path), intranet: filepath.Base(filepath.Dir(path))}
		text, failed := os.ReadFile(filepath.Join(s.dir, ownerFile))
		owner, malformed := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
		if failed = errors.Join(failed, malformed); failed != nil || !intranetName.MatchString(s.intranet) || wanted != nil {
			err = errors.Join(err, failed, s.leave())
			continue
		}
		s.owner = uint32(owner)
		wanted = &s
	}
	return wanted, err
}
