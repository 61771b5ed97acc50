package systemwide

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/system"
	"sag.software/native/internal/system/attachment"
)

// shownBytes bounds the lines of one list: a state has to fit into one message, whatever the intranet's size.
const shownBytes = 48 << 10

// Machine implements tunnel.Host.
func (h *Host) Machine() *tunnelv1.Machine {
	own, wanted := h.own()
	m := &tunnelv1.Machine{
		Routes: lines(own.Routes), Rules: lines(own.Rules), Names: names(own.Names, wanted), Guard: h.guard(own.Guard),
	}
	if proto.Size(m) == 0 {
		return nil
	}
	return m
}

// own is what is ours now: kept in order by an attachment, or left by a former one; and what should be with names.
func (h *Host) own() (system.Own, attachment.Names) {
	h.mu.Lock()
	a, left := h.attachment, h.left
	h.mu.Unlock()
	if a != nil {
		return a.Found(), a.Names()
	}
	if left {
		if at, err := h.machine.Snapshot(); err == nil {
			return at.Own(), attachment.Names{}
		}
	}
	return system.Own{}, attachment.Names{}
}

// lines are the things found, one a line. What is too much for a message is counted.
func lines[T interface{ Line() string }](found []T) []string {
	var all []string
	size := 0
	for i, one := range found {
		line := one.Line()
		if size += len(line); size > shownBytes {
			return append(all, fmt.Sprintf("… and %d more", len(found)-i))
		}
		all = append(all, line)
	}
	return all
}
