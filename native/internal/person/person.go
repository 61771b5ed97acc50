// Package person finds the user who is accountable for a user ID.
package person

import (
	"bufio"
	"bytes"
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync"
	"time"
)

// subordinateFile lists the user IDs that each user can use in a user namespace, see subuid(5). It is a variable for tests.
var subordinateFile = "/etc/subuid"

// subordinates maps user IDs to the user who can use them, so that limits count people: with subordinate IDs one user can
// call as 65,536 others.
type subordinates struct {
	mu      sync.Mutex
	size    int64
	changed time.Time
	ranges  []idRange
}

type idRange struct{ first, count, owner uint32 }

var subordinateIDs subordinates

// Of returns the user who is accountable for a user ID: the owner of its range of subordinate IDs, or else the ID itself.
func Of(uid uint32) uint32 { return subordinateIDs.ownerOf(uid) }

func (s *subordinates) ownerOf(uid uint32) uint32 {
	if uid == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	for _, r := range s.ranges {
		if uid >= r.first && uid-r.first < r.count {
			return r.owner
		}
	}
	return uid
}

// refresh reads the file again if it has changed. The caller holds the lock.
func (s *subordinates) refresh() {
	info, err := os.Stat(subordinateFile)
	if err != nil {
		s.ranges, s.size, s.changed = nil, 0, time.Time{}
		return
	}
	if info.Size() == s.size && info.ModTime().Equal(s.changed) {
		return
	}
	text, err := os.ReadFile(subordinateFile)
	if err != nil {
		return
	}
	s.ranges, s.size, s.changed = parseSubordinates(text, userID), info.Size(), info.ModTime()
}

// parseSubordinates parses NAME-OR-UID:FIRST:COUNT, one per line. The range of a user that does not exist counts as one
// user, with the range's first ID.
func parseSubordinates(text []byte, idOf func(name string) (uint32, bool)) []idRange {
	var all []idRange
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		parts := strings.Split(strings.TrimSpace(lines.Text()), ":")
		if len(parts) != 3 {
			continue
		}
		first, err1 := strconv.ParseUint(parts[1], 10, 32)
		count, err2 := strconv.ParseUint(parts[2], 10, 32)
		if err1 != nil || err2 != nil || first == 0 || count == 0 {
			continue
		}
		owner, ok := idOf(parts[0])
		if !ok || owner == 0 {
			owner = uint32(first)
		}
		all = append(all, idRange{first: uint32(first), count: uint32(count), owner: owner})
	}
	return all
}

func userID(name string) (uint32, bool) {
	text := name
	if u, err := user.Lookup(name); err == nil {
		text = u.Uid
	}
	id, err := strconv.ParseUint(text, 10, 32)
	return uint32(id), err == nil
}
