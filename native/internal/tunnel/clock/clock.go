// Package clock is a clock that runs through sleep, and the name of this boot of the machine.
package clock

import "errors"

// ErrNoBootID means that this operating system does not name its boots here: nothing can be resumed.
var ErrNoBootID = errors.New("the boot of this machine has no name")
