package service

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
)

// BlockingFile within the runtime directory says what is held back, readable by everybody.
const BlockingFile = "blocking"

// writeBlocking says what a state holds back, in words that need no program: {"blocking":"none"|"intranet"|"all","phase":…,
// "holds":"none"|"intranet"|"all","lockdown":"on"|"off","pid":"…"}. What is held goes by the tunnel or not at all: once there is no such process any more, it
// is blocked. Whose session it is, and with which intranet, is not in it.
func (s *Service) writeBlocking(state *tunnelv1.State) {
	WriteBlocking(s.config.Dir, state, s.config.Lockdown.IsOn(), s.config.Logger)
}

// WriteBlocking is for whoever changes it while there is no service.
func WriteBlocking(dir string, state *tunnelv1.State, locked bool, logger *slog.Logger) {
	lower := func(text, prefix string) string { return strings.ToLower(strings.TrimPrefix(text, prefix)) }
	blocking, phase := typesv1.Blocking_BLOCKING_NONE, typesv1.Phase_PHASE_DISCONNECTED
	holds := "none"
	if state != nil {
		blocking, phase = state.GetBlocking(), state.GetPhase()
	}
	if blocking != typesv1.Blocking_BLOCKING_NONE || phase == typesv1.Phase_PHASE_CONNECTED {
		holds = "intranet"
	}
	lockdown := "off"
	if locked {
		blocking, holds, lockdown = typesv1.Blocking_BLOCKING_ALL, "all", "on"
	}
	text, err := json.Marshal(map[string]string{
		"blocking": lower(blocking.String(), "BLOCKING_"), "phase": lower(phase.String(), "PHASE_"),
		"holds": holds, "lockdown": lockdown, "pid": strconv.Itoa(os.Getpid()),
	})
	path := filepath.Join(dir, BlockingFile)
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
