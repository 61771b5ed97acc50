//go:build !windows

package main

import (
	"os"

	"golang.zx2c4.com/wireguard/device"
)

// The engine's own program is used for benchmarks of both schedulings.
func init() { device.InlineByDefault.Store(os.Getenv("SAG_ENGINE") == "inline") }
