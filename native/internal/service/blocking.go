package service

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/system/lockdown"
)

// BlockingFile within the runtime directory says what is held back, readable by everybody.
const BlockingFile = "blocking"

// blocked is what the file says, in words that need no program. What is held goes by the tunnel or not at all: once there is no
// such process any more, it is blocked. Whose session it is, and with which intranet, is not in it.
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

// writeBlocking says what a state holds back.
func (s *Service) writeBlocking(state *tunnelv1.State) {
	WriteBlocking(s.config.Dir, state, s.config.Lockdown, s.config.Logger)
}

// WriteBlocking is for whoever changes it while there is no service.
func WriteBlocking(dir string, state *tunnelv1.State, keeper *lockdown.Keeper, logger *slog.Logger) {
	path := filepath.Join(dir, BlockingFile)
	now := whatIsHeld(state)
	if keeper.IsOn() {
		now.locked(keeper, readBlocking(path), time.Now(), logger)
	}
	text, err := json.Marshal(now)
	if err == nil {
		// A fresh file in the place of the old one: nobody reads half of it.
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

func whatIsHeld(state *tunnelv1.State) blocked {
	lower := func(text, prefix string) string { return strings.ToLower(strings.TrimPrefix(text, prefix)) }
	blocking, phase := typesv1.Blocking_BLOCKING_NONE, typesv1.Phase_PHASE_DISCONNECTED
	holds := "none"
	if state != nil {
		blocking, phase = state.GetBlocking(), state.GetPhase()
	}
	if blocking != typesv1.Blocking_BLOCKING_NONE || phase == typesv1.Phase_PHASE_CONNECTED {
		holds = "intranet"
	}
	return blocked{
		Blocking: lower(blocking.String(), "BLOCKING_"), Phase: lower(phase.String(), "PHASE_"),
		Holds: holds, Lockdown: "off", PID: strconv.Itoa(os.Getpid()),
	}
}

// locked adds lockdown, which goes on from the file of before: a service that was started anew did not put it in force anew.
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
