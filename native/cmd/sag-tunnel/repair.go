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
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/journal"
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/reconcile"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/service"
)

// repaired is the result of repair.
type repaired struct {
	// Undone are descriptions of the undone changes.
	Undone []string `json:"undone"`
	// Disconnected is true if a running service ended its session first.
	Disconnected bool `json:"disconnected"`
	// Unlocked is true if lockdown was turned off, by the service or without one.
	Unlocked bool `json:"unlocked"`
}

// repair restores the host's settings, with or without a running service. It returns the exit code.
func repair(args []string) int {
	flags := flag.NewFlagSet("repair", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run, state := directories(flags)
	asJSON := flags.Bool("json", false, "print JSON on stdout")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	if os.Geteuid() != 0 {
		report(failure.New(failure.NotPermitted, msg.RepairNeedsRoot()), *asJSON)
		return 1
	}
	done, err := undoAll(*run, *state)
	if err != nil {
		report(failure.Explain(err, reconcile.Cause(err)), *asJSON)
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

func undoAll(run, state string) (repaired, error) {
	done := repaired{Undone: []string{}}
	machine, err := hostnet.Open()
	if err != nil {
		return done, err
	}
	dir := filepath.Join(state, journalName)
	undone, err := reconcile.Repair(machine, dir)
	if errors.Is(err, journal.ErrLocked) {
		if done.Disconnected, done.Unlocked, err = service.Release(run); err != nil {
			return done, err
		}
		// What remains with our marks belongs to no session of the service.
		undone, err = reconcile.UndoMarked(machine)
		done.name(undone)
		return done, err
	}
	// No service is running, so saved sessions must not be resumed.
	var failed error
	done.Unlocked, failed = lockdown.Lift(lockdownConfig(state))
	err = errors.Join(err, failed, service.Forget(run))
	done.name(undone)
	return done, err
}

func (r *repaired) name(undone []hostnet.Change) {
	for _, c := range undone {
		r.Undone = append(r.Undone, c.String())
	}
}

func (r repaired) print() {
	if r.Unlocked {
		fmt.Println(msg.RepairUnlocked)
	}
	if r.Disconnected {
		fmt.Println(msg.RepairDisconnected)
	}
	if len(r.Undone) == 0 && !r.Unlocked && !r.Disconnected {
		fmt.Println(msg.RepairNothing)
		return
	}
	if len(r.Undone) > 0 {
		fmt.Println(msg.RepairUndone)
	}
	for _, change := range r.Undone {
		fmt.Println("  " + change)
	}
}
