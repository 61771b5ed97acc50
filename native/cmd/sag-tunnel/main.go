// Command sag-tunnel keeps the tunnel of one intranet: for one user's programs (proxy), or for the whole host (service).
package main

import (
	"fmt"
	"os"

	"sag.software/native/internal/licenses"
	"sag.software/native/internal/msg"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
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
	case "trust":
		os.Exit(runTrust(os.Args[2:]))
	case "isolate":
		os.Exit(isolateCommand(os.Args[2:]))
	case initVerb:
		os.Exit(isolateInit(os.Args[2:]))
	case "version":
		if len(os.Args) == 3 && os.Args[2] == "--licenses" {
			os.Exit(licenses.Print(os.Stdout, os.Stderr))
		}
		fmt.Println(version)
	default:
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		os.Exit(2)
	}
}
