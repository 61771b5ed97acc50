package engine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Scheduling selects the goroutines that encrypt, send, decrypt and deliver a device's packets. docs/performance.md has the
// measurements.
type Scheduling uint8

const (
	// Automatic chooses by the number of processors and by ManyPeers.
	Automatic Scheduling = iota
	// Inline encrypts and sends on the goroutine that reads the interface, and decrypts and delivers on the one that receives
	// from UDP. It uses at most one core per direction and socket, needs no hand-over between goroutines, and little memory.
	Inline
	// Queued is wireguard-go's own scheduling: packets are queued to a worker per core and then to two goroutines per peer.
	Queued
)

// schedulings are the values of schedulingVariable.
var schedulings = map[string]Scheduling{"": Automatic, "inline": Inline, "queued": Queued}

// schedulingVariable is an environment variable that overrides Automatic, for benchmarks and for narrowing down faults.
const schedulingVariable = "SAG_ENGINE"

// inlineProcessors is the number of processors up to which a device with many peers is scheduled in-line. All its packets then
// pass one receiver; with more processors the queues may have a higher total throughput.
const inlineProcessors = 4

// ErrScheduling means that the requested scheduling is not available.
var ErrScheduling = errors.New("the scheduling is not available")

// choose returns the scheduling of a device from its configuration and the environment.
func choose(requested Scheduling, override string, manyPeers bool, processors int) (Scheduling, error) {
	if requested != Automatic {
		return requested, nil
	}
	requested, known := schedulings[override]
	switch {
	case !known:
		return 0, fmt.Errorf("%w: %s is inline or queued, not %q", ErrScheduling, schedulingVariable, override)
	case requested != Automatic:
		return requested, nil
	case manyPeers && processors > inlineProcessors:
		return Queued, nil
	}
	return Inline, nil
}

// schedulable is the interface that build/lib/engine.ts adds to wireguard-go's device.
type schedulable interface {
	SetInline(bool)
	Inline() bool
}

// schedule sets the scheduling of a device that is down. Unmodified wireguard-go, which `go build` links in a fresh checkout, is
// always Queued; this is an error only if Inline was requested.
func (d *Device) schedule(config Config) error {
	override := os.Getenv(schedulingVariable)
	scheduling, err := choose(config.Scheduling, override, config.ManyPeers, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	wg, changed := any(d.wg).(schedulable)
	switch {
	case changed:
		wg.SetInline(scheduling == Inline)
	case config.Scheduling == Inline || schedulings[override] == Inline:
		return fmt.Errorf("%w: wireguard-go is unmodified; run `npm run build:native` to build the engine that can be scheduled in-line", ErrScheduling)
	}
	return nil
}

// Scheduling returns the scheduling in use.
func (d *Device) Scheduling() Scheduling {
	if wg, changed := any(d.wg).(schedulable); changed && wg.Inline() {
		return Inline
	}
	return Queued
}
