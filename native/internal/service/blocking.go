package service

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/tunnel"
)

// BlockingFile within the runtime directory says what is held back, readable by every user.
const BlockingFile = "blocking"

// blocked is the content of the file. What is held goes through the tunnel or not at all: once there is no such process any more, it
// is blocked. The user and the intranet of the session are not in it.
type blocked struct {
	// Blocking and Holds are none, intranet or all.
	Blocking string `json:"blocking"`
	Phase    string `json:"phase"`
	Holds    string `json:"holds"`
	PID      string `json:"pid"`
	// Lockdown is on or off.
	Lockdown string `json:"lockdown"`
	// By is administrator or policy, Since when it was put in force in this boot (RFC 3339). Only with lockdown.
	By    string `json:"by,omitempty"`
	Since string `json:"since,omitempty"`
	// Portal is the link that a captive portal can be reached by, until PortalUntil (RFC 3339).
	Portal      string `json:"portal,omitempty"`
	PortalUntil string `json:"portalUntil,omitempty"`
}

// WriteBlocking writes the file. state is of the tunnel that there is; nil if there is none.
func WriteBlocking(dir string, state *tunnel.State, keeper *lockdown.Keeper, logger *slog.Logger) {
	path := filepath.Join(dir, BlockingFile)
	now := whatIsHeld(state)
	if keeper.IsOn() {
		now.locked(keeper, readBlocking(path), time.Now(), logger)
	}
	text, err := json.Marshal(now)
	if err == nil {
		// A fresh file replaces the old one, so that a reader never sees half of it.
		err = os.WriteFile(path+".new", append(text, '\n'), 0o644)
	}
	if err == nil {
		// Whatever the umask is.
		err = os.Chmod(path+".new", 0o644)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		logger.Warn("what is held back could not be written down", "error", err)
	}
}

func whatIsHeld(state *tunnel.State) blocked {
	if state == nil {
		state = tunnel.Absent("", tunnel.SystemMode, false)
	}
	return blocked{
		Blocking: state.Blocking.String(), Phase: state.Phase.String(), Holds: state.Holds().String(), Lockdown: "off",
		PID: strconv.Itoa(os.Getpid()),
	}
}

// locked adds lockdown, with its beginning from the former file: a restart of the service did not put it in force again.
func (b *blocked) locked(keeper *lockdown.Keeper, before blocked, now time.Time, logger *slog.Logger) {
	b.Blocking, b.Holds, b.Lockdown, b.Since = "all", "all", "on", before.Since
	if before.Lockdown != "on" || before.Since == "" {
		b.Since = now.UTC().Format(time.RFC3339)
	}
	status, err := keeper.Status()
	if err != nil {
		logger.Warn("who wants lockdown is not written down", "error", err)
		return
	}
	b.By = string(status.By)
	if status.Portal != nil {
		b.Portal, b.PortalUntil = status.Portal.Link, now.Add(status.Portal.Left).UTC().Format(time.RFC3339)
	}
}

// readBlocking is nothing if there is none.
func readBlocking(path string) (b blocked) {
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, &b) // one of a former version says as much as it does
	}
	return b
}
