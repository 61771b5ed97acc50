// Package clock counts time through sleep: leases end when they end, whether the machine was awake or not.
package clock

import "time"

// Clock tells the time since some fixed moment. It never goes back.
type Clock interface {
	Now() time.Duration
}
