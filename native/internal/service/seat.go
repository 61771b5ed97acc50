package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ownerFile holds the user id that a tunnel belongs to, beside its session.
const ownerFile = "owner"

var intranetName = regexp.MustCompile(`^[0-9a-z]{4,32}$`)

// seat is one intranet's directory under the runtime directory: root's alone.
type seat struct {
	dir, intranet string
	owner         uint32
}

func newSeat(base, intranet string, owner uint32) (seat, error) {
	s := seat{dir: filepath.Join(base, intranet), intranet: intranet, owner: owner}
	if !intranetName.MatchString(intranet) {
		return s, fmt.Errorf("%q is no intranet's id", intranet)
	}
	if err := os.Mkdir(s.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return s, err
	}
	return s, os.WriteFile(filepath.Join(s.dir, ownerFile), []byte(strconv.FormatUint(uint64(owner), 10)), 0o600)
}

// leave removes the directory.
func (s seat) leave() error { return os.RemoveAll(s.dir) }

// wantedSeat is where a session is still wanted; nil if nowhere.
func wantedSeat(base string) (*seat, error) {
	sessions, err := filepath.Glob(filepath.Join(base, "*", "session"))
	if err != nil {
		return nil, err
	}
	for _, path := range sessions {
		s := seat{dir: filepath.Dir(path), intranet: filepath.Base(filepath.Dir(path))}
		text, failed := os.ReadFile(filepath.Join(s.dir, ownerFile))
		owner, malformed := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
		if failed = errors.Join(failed, malformed); failed != nil || !intranetName.MatchString(s.intranet) {
			err = errors.Join(err, failed, s.leave())
			continue
		}
		s.owner = uint32(owner)
		return &s, err
	}
	return nil, err
}
