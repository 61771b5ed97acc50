package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/service"
	"sag.software/native/internal/system"
	"sag.software/native/internal/system/lockdown"
	"sag.software/native/internal/system/plan"
	"sag.software/native/internal/tunnel/systemwide"
)

func lockdownConfig(state string) lockdown.Config {
	return lockdown.Config{Dir: state, Firewall: lockdown.Kernel{}, Links: systemwide.LinkPrefix, Mark: plan.Mark}
}

// runLockdown sets, lifts and tells of lockdown: by the service if there is one, else by itself, which takes root. `apply` is
// what the early unit does, before any link is up. The result is the exit code.
func runLockdown(args []string) int {
	flags := flag.NewFlagSet("lockdown", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run, state := directories(flags)
	asJSON := flags.Bool("json", false, "say everything on stdout, as JSON")
	duration := flags.Duration("for", lockdown.MaxPortal, "how long a captive portal can be reached")
	var clouds list
	flags.Var(&clouds, "cloud", "URL of a cloud instance that has to be reached all the same")
	if len(args) == 0 || flags.Parse(args[1:]) != nil || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	now, err := lockdownVerb(args[0], *run, *state, clouds, *duration)
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if err != nil {
		tell(err, *asJSON)
		return 1
	}
	if *asJSON {
		text, _ := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(now)
		fmt.Println(string(text))
	} else {
		printLockdown(now)
	}
	return 0
}

var errUsage = errors.New("no such verb")

type list []string

// String implements flag.Value.
func (l *list) String() string { return fmt.Sprint(*l) }

// Set implements flag.Value.
func (l *list) Set(text string) error {
	*l = append(*l, text)
	return nil
}

func lockdownVerb(verb, run, state string, clouds []string, duration time.Duration) (*tunnelv1.Lockdown, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if verb == "apply" {
		return applyLockdown(run, state)
	}
	client, err := service.Living(ctx, run)
	if err != nil {
		return nil, err
	}
	if client == nil {
		return withoutService(ctx, verb, run, state, clouds, duration)
	}
	defer client.Leave()
	switch verb {
	case "on", "off":
		return client.SetLockdown(ctx, verb == "on", clouds)
	case "status":
		return client.Lockdown(ctx)
	case "portal":
		return client.OpenPortal(ctx, duration)
	}
	return nil, errUsage
}

// applyLockdown puts in force what was wanted when the machine went down.
func applyLockdown(run, state string) (*tunnelv1.Lockdown, error) {
	keeper, err := open(state)
	if err != nil {
		return nil, err
	}
	if keeper.IsOn() {
		if err := os.Mkdir(run, 0o755); err == nil || errors.Is(err, os.ErrExist) {
			service.WriteBlocking(run, nil, keeper, slog.New(slog.NewTextHandler(os.Stderr, nil)))
		}
	}
	return service.Describe(keeper)
}

func open(state string) (*lockdown.Keeper, error) {
	if err := mayDoWithout(); err != nil {
		return nil, err
	}
	return lockdown.Open(lockdownConfig(state))
}

func mayDoWithout() error {
	if os.Geteuid() != 0 {
		return failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "there is no service, and only root can do without")
	}
	return nil
}

func withoutService(ctx context.Context, verb, run, state string, clouds []string, duration time.Duration) (*tunnelv1.Lockdown, error) {
	if verb == "status" {
		if err := mayDoWithout(); err != nil {
			return nil, err
		}
		return service.Describe(lockdown.Read(lockdownConfig(state)))
	}
	keeper, err := open(state)
	if err != nil {
		return nil, err
	}
	switch verb {
	case "on", "off":
		var reachable []lockdown.Cloud
		for _, text := range clouds {
			cloud, err := service.CloudOf(ctx, text)
			if err != nil {
				return nil, failure.New(typesv1.Cause_CAUSE_INVALID_ARGUMENT, "--cloud %s: no URL of a cloud instance", text)
			}
			reachable = append(reachable, cloud)
		}
		if err := keeper.Set(verb == "on", reachable); err != nil {
			return nil, err
		}
	case "portal":
		link, err := portalLink()
		if err != nil {
			return nil, err
		}
		if err := keeper.OpenPortal(link, duration, true); err != nil {
			return nil, err
		}
	default:
		return nil, errUsage
	}
	if _, err := os.Stat(run); err == nil {
		service.WriteBlocking(run, nil, keeper, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	}
	return service.Describe(keeper)
}

func portalLink() (string, error) {
	machine, err := system.Open()
	if err != nil {
		return "", err
	}
	at, err := machine.Snapshot()
	return at.PortalLink(), err
}

func printLockdown(l *tunnelv1.Lockdown) {
	switch {
	case !l.GetOn():
		fmt.Println("Lockdown is off.")
	case l.GetBy() == tunnelv1.LockdownBy_LOCKDOWN_BY_POLICY:
		fmt.Println("Lockdown is on, by the intranet's policy: nothing leaves this machine but the tunnel.")
	default:
		fmt.Println("Lockdown is on: nothing leaves this machine but the tunnel.")
	}
	if left := l.GetPortalLeft(); left != nil {
		fmt.Printf("A captive portal can be reached by %s for %s.\n", l.GetPortalLink(), left.AsDuration().Round(time.Second))
	}
}
