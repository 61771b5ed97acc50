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

// BlockingFile, in the runtime directory, contains what is blocked. Every user can read it.
const BlockingFile = "blocking"

// blocked is the content of the file. Holds is what stays blocked if the process of PID no longer exists. The session's
// user and intranet are left out, because every user can read the file.
type blocked struct {
	// Blocking and Holds are none, intranet or all.
	Blocking string `json:"blocking"`
	Phase    string `json:"phase"`
	Holds    string `json:"holds"`
	PID      string `json:"pid"`
	// Lockdown is on or off.
	Lockdown string `json:"lockdown"`
	// By is administrator or policy; Since is when lockdown was turned on in this boot (RFC 3339). Only with lockdown.
	By    string `json:"by,omitempty"`
	Since string `json:"since,omitempty"`
	// Portal is the link of the captive-portal exception, which lasts until PortalUntil (RFC 3339).
	Portal      string `json:"portal,omitempty"`
	PortalUntil string `json:"portalUntil,omitempty"`
}

// WriteBlocking writes the file. state is the tunnel's; nil if there is none.
func WriteBlocking(dir string, state *tunnel.State, keeper *lockdown.Keeper, logger *slog.Logger) {
	path := filepath.Join(dir, BlockingFile)
	now := blockedBy(state)
	if keeper.IsOn() {
		now.locked(keeper, readBlocking(path), time.Now(), logger)
	}
	text, err := json.Marshal(now)
	if err == nil {
		// Written to a new file and renamed, so that readers never see half of it.
		err = os.WriteFile(path+".new", append(text, '\n'), 0o644)
	}
	if err == nil {
		// The umask applies to WriteFile, but not to Chmod.
		err = os.Chmod(path+".new", 0o644)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		logger.Warn("failed to write the blocking file", "error", err)
	}
}

func blockedBy(state *tunnel.State) blocked {
	if state == nil {
		state = tunnel.Absent("", tunnel.SystemMode, false)
	}
	return blocked{
		Blocking: state.Blocking.String(), Phase: state.Phase.String(), Holds: state.Holds().String(), Lockdown: "off",
		PID: strconv.Itoa(os.Getpid()),
	}
}

// locked adds lockdown. Its start time is kept from the former file, because a restart of the service does not change it.
func (b *blocked) locked(keeper *lockdown.Keeper, before blocked, now time.Time, logger *slog.Logger) {
	b.Blocking, b.Holds, b.Lockdown, b.Since = "all", "all", "on", before.Since
	if before.Lockdown != "on" || before.Since == "" {
		b.Since = now.UTC().Format(time.RFC3339)
	}
	status, err := keeper.Status()
	if err != nil {
		logger.Warn("failed to read the status of lockdown", "error", err)
		return
	}
	b.By = string(status.By)
	if status.Portal != nil {
		b.Portal, b.PortalUntil = status.Portal.Link, now.Add(status.Portal.Left).UTC().Format(time.RFC3339)
	}
}

// readBlocking returns the file's content; zero if there is none.
func readBlocking(path string) (b blocked) {
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, &b) // fields that are missing in a former version's file stay empty
	}
	return b
}
