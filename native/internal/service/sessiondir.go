package service

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet/reconcile"
	"sag.software/native/internal/msg"
)

// ownerFile contains the UID of the tunnel's owner, beside its session.
const ownerFile = "owner"

var intranetName = regexp.MustCompile(`^[0-9a-z]{4,32}$`)

// sessionDir is one intranet's directory in the runtime directory; only root can read it.
type sessionDir struct {
	path, intranet string
	owner          uint32
}

// newSessionDir creates the directory. Users choose the ids, so an existing directory may belong to another user and is
// deleted first.
func newSessionDir(base, intranet string, owner uint32) (sessionDir, error) {
	s := sessionDir{path: filepath.Join(base, intranet), intranet: intranet, owner: owner}
	if !intranetName.MatchString(intranet) {
		return s, failure.New(failure.InvalidArgument, msg.ServiceIntranetIDInvalid(intranet))
	}
	err := s.remove()
	if err == nil {
		err = os.Mkdir(s.path, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(s.path, ownerFile), []byte(strconv.FormatUint(uint64(owner), 10)), 0o600)
	}
	if err != nil {
		return s, failure.Over(errors.Join(err, s.remove()), reconcile.Cause(err), msg.Of(err))
	}
	return s, nil
}

func (s sessionDir) remove() error { return os.RemoveAll(s.path) }

// wantedSessionDir returns the directory of a session to resume; nil if there is none. Only one session is resumed; the
// others are removed.
func wantedSessionDir(base string) (*sessionDir, error) {
	sessions, err := filepath.Glob(filepath.Join(base, "*", "session"))
	if err != nil {
		return nil, err
	}
	var wanted *sessionDir
	for _, path := range sessions {
		s := sessionDir{path: filepath.Dir(path), intranet: filepath.Base(filepath.Dir(path))}
		text, failed := os.ReadFile(filepath.Join(s.path, ownerFile))
		owner, malformed := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
		if failed = errors.Join(failed, malformed); failed != nil || !intranetName.MatchString(s.intranet) || wanted != nil {
			err = errors.Join(err, failed, s.remove())
			continue
		}
		s.owner = uint32(owner)
		wanted = &s
	}
	return wanted, err
}
