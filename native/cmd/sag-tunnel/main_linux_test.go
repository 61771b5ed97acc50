package main

import (
	"os"
	"strings"
	"testing"
)

// beProgram is set in a process that acts as sag-tunnel instead of running tests.
const beProgram = "SAG_TEST_BE_SAG_TUNNEL"

// soak selects the long versions of these tests.
var soak = os.Getenv("SAG_SOAK") != ""

func TestMain(m *testing.M) {
	if args := os.Getenv(beProgram); args != "" {
		os.Args = append([]string{"sag-tunnel"}, strings.Fields(args)...)
		if os.Getenv(blindToKillSwitch) != "" {
			openMachine = openBlind
		}
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}
