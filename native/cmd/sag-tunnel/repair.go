package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/service"
	"sag.software/native/internal/system"
	"sag.software/native/internal/system/journal"
	"sag.software/native/internal/system/lockdown"
	"sag.software/native/internal/system/reconcile"

	typesv1 "sag.software/native/gen/sag/types/v1"
)

// repaired is what repair says.
type repaired struct {
	// Undone are the changes that were taken back, in words.
	Undone []string `json:"undone"`
	// Disconnected is true if a running service was told to end its session first.
	Disconnected bool `json:"disconnected"`
	// Unlocked is true if lockdown was lifted: by the service, or without one.
	Unlocked bool `json:"unlocked"`
}

// repair gives the machine back to itself, with or without a service. The result is the exit code.
func repair(args []string) int {
	flags := flag.NewFlagSet("repair", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run, state := directories(flags)
	asJSON := flags.Bool("json", false, "say everything on stdout, as JSON")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if os.Geteuid() != 0 {
		tell(failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "only root may undo what was changed as root"), *asJSON)
		return 1
	}
	done, err := mend(*run, *state)
	if err != nil {
		tell(&failure.Error{Failure: failure.Of(reconcile.Cause(err), "%s", err), Under: err}, *asJSON)
		if len(done.Undone) == 0 && !done.Unlocked {
			return 1
		}
	}
	if *asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(done)
	} else {
		done.print()
	}
	if err != nil {
		return 1
	}
	return 0
}

func mend(run, state string) (repaired, error) {
	done := repaired{Undone: []string{}}
	machine, err := system.Open()
	if err != nil {
		return done, err
	}
	dir := filepath.Join(state, journalName)
	undone, err := reconcile.Repair(machine, dir)
	if errors.Is(err, journal.ErrLocked) {
		done.Disconnected, err = service.Disconnect(run)
		var failed error
		done.Unlocked, failed = service.Unlock(run)
		if err = errors.Join(err, failed); err != nil {
			return done, err
		}
		// What is still there is nobody's: the service knows nothing of it.
		undone, err = reconcile.UndoMarked(machine)
		done.name(undone)
		return done, err
	}
	// Nobody serves a session now, so none is wanted any more.
	var failed error
	done.Unlocked, failed = lockdown.Lift(lockdownConfig(state))
	err = errors.Join(err, failed, service.Forget(run))
	done.name(undone)
	return done, err
}

func (r *repaired) name(undone []system.Change) {
	for _, c := range undone {
		r.Undone = append(r.Undone, c.String())
	}
}

func (r repaired) print() {
	if r.Unlocked {
		fmt.Println("Lockdown is lifted: everything may leave this machine again.")
	}
	if r.Disconnected {
		fmt.Println("The service is running; its session was ended and everything it had changed was undone.")
	}
	if len(r.Undone) == 0 && !r.Unlocked && !r.Disconnected {
		fmt.Println("There was nothing to undo.")
		return
	}
	if len(r.Undone) > 0 {
		fmt.Println("Undone:")
	}
	for _, change := range r.Undone {
		fmt.Println("  " + change)
	}
}
