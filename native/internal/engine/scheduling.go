package engine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Scheduling is which goroutines seal, send, open and deliver a device's packets. docs/performance.md has the measurements.
type Scheduling uint8

const (
	// Automatic chooses by the processors and by what the device is for.
	Automatic Scheduling = iota
	// Inline has the reader of the link seal and send, and the UDP receiver open and deliver: a core for each direction and
	// socket at most, no hand-over between goroutines, little memory.
	Inline
	// Queued is wireguard-go's own: packets go through queues to a worker on each core and on to two goroutines of the peer.
	Queued
)

// schedulings are the values of the environment variable.
var schedulings = map[string]Scheduling{"": Automatic, "inline": Inline, "queued": Queued}

// schedulingVariable overrides Automatic, for benchmarks and for comparing when something is wrong.
const schedulingVariable = "SAG_ENGINE"

// inlineProcessors is up to how many processors a device with many peers is scheduled in-line: all of its packets go through one
// receiver then, and with more processors the queues may carry more in total.
const inlineProcessors = 4

// ErrScheduling means that the engine cannot be scheduled as asked.
var ErrScheduling = errors.New("the scheduling is not available")

// choose is the scheduling of a device, by what its configuration and the environment ask for.
func choose(asked Scheduling, override string, manyPeers bool, processors int) (Scheduling, error) {
	if asked != Automatic {
		return asked, nil
	}
	asked, known := schedulings[override]
	switch {
	case !known:
		return 0, fmt.Errorf("%w: %s is inline or queued, not %q", ErrScheduling, schedulingVariable, override)
	case asked != Automatic:
		return asked, nil
	case manyPeers && processors > inlineProcessors:
		return Queued, nil
	}
	return Inline, nil
}

// schedulable is what build/lib/engine.ts adds to wireguard-go's device.
type schedulable interface {
	SetInline(bool)
	Inline() bool
}

// schedule sets the scheduling of a device that is down. wireguard-go as it comes, which a plain `go build` in a fresh checkout
// links, is Queued: that is an error only if Inline was asked for.
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
		return fmt.Errorf("%w: this is wireguard-go as it comes; `npm run build:native` makes the engine that can be scheduled in-line", ErrScheduling)
	}
	return nil
}

// Scheduling is the one that was chosen.
func (d *Device) Scheduling() Scheduling {
	if wg, changed := any(d.wg).(schedulable); changed && wg.Inline() {
		return Inline
	}
	return Queued
}
