// Command sag-tunnel keeps the tunnel of one intranet: for one user's programs (proxy), or for the whole machine (service).
package main

import (
	"fmt"
	"os"
)

const usage = `usage:
  sag-tunnel proxy --dir DIR --intranet ID [--log FILE] [--json]   serve one intranet in proxy mode
  sag-tunnel service [--json]                         serve the whole machine in system mode (root)
  sag-tunnel repair [--json]                          undo whatever system mode has changed, no service needed (root)
  sag-tunnel lockdown on|off|status|portal|apply [--cloud URL]… [--json]   let nothing leave but the tunnel
  sag-tunnel version
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	switch os.Args[1] {
	case "proxy":
		os.Exit(proxy(os.Args[2:]))
	case "service":
		os.Exit(runService(os.Args[2:]))
	case "repair":
		os.Exit(repair(os.Args[2:]))
	case "lockdown":
		os.Exit(runLockdown(os.Args[2:]))
	case "version":
		fmt.Println(version)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}
