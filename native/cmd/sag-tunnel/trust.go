package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/service/trust"
)

// runTrust edits and lists the intranets that every user may connect the host to. The service reads the same list at every
// decision. It returns the exit code.
func runTrust(args []string) int {
	flags := flag.NewFlagSet("trust", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	_, state := directories(flags)
	asJSON := flags.Bool("json", false, "print JSON on stdout")
	cloud := flags.String("url", "", "https://HOST[:PORT] of the cloud instance")
	code := flags.String("code", "", "enterprise code")
	var pins list
	flags.Var(&pins, "pin", "SHA-256 of the cloud instance's public key, hexadecimal; none = the system's authorities decide")
	if len(args) == 0 || flags.Parse(args[1:]) != nil || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	now, err := trustVerb(args[0], trust.Store{Dir: *state}, *cloud, *code, pins)
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	if err != nil {
		report(err, *asJSON)
		return 1
	}
	if !*asJSON {
		for _, one := range now {
			fmt.Println(one)
		}
		return 0
	}
	rows := []map[string]any{}
	for _, one := range now {
		texts := []string{}
		for _, pin := range one.Pins {
			texts = append(texts, hex.EncodeToString(pin[:]))
		}
		rows = append(rows, map[string]any{"intranet": one.String(), "url": one.URL, "code": one.Code, "pins": texts})
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"trusted": rows})
	return 0
}

// trustVerb runs one subcommand and returns the resulting list.
func trustVerb(verb string, store trust.Store, url, code string, pins []string) ([]trust.Cloud, error) {
	if os.Geteuid() != 0 {
		return nil, failure.New(failure.NotPermitted, msg.TrustNeedsRoot())
	}
	switch verb {
	case "list":
	case "add", "remove":
		cloud, err := trust.New(url, code, pins)
		if err != nil {
			return nil, failure.Explain(err, failure.InvalidArgument)
		}
		if verb == "add" {
			err = store.Add(cloud)
		} else {
			var removed bool
			if removed, err = store.Remove(cloud.URL, cloud.Code); err == nil && !removed {
				return nil, failure.New(failure.NotFound, msg.TrustNotListed(cloud.String()))
			}
		}
		if err != nil {
			return nil, storage(err)
		}
	default:
		return nil, errUsage
	}
	all, err := store.List()
	if err != nil {
		return nil, storage(err)
	}
	return all, nil
}
