//go:build !windows

package main

import (
	"os"

	"golang.zx2c4.com/wireguard/device"
)

// The bare engine as a program is for benchmarks.
func init() { device.InlineByDefault.Store(os.Getenv("SAG_ENGINE") == "inline") }
