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

	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/service"
	"sag.software/native/internal/tunnel/systemwide"
)

func lockdownConfig(state string) lockdown.Config {
	return lockdown.Config{Dir: state, Firewall: lockdown.System(), Links: systemwide.LinkPrefix}
}

// runLockdown turns lockdown on or off and shows it: through the service if it is running, else directly, which needs root.
// `apply` is for the early boot unit, before any link is up. It returns the exit code.
func runLockdown(args []string) int {
	flags := flag.NewFlagSet("lockdown", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run, state := directories(flags)
	asJSON := flags.Bool("json", false, "print JSON on stdout")
	duration := flags.Duration("for", lockdown.MaxPortal, "duration of the captive-portal exception")
	var clouds list
	flags.Var(&clouds, "cloud", "URL of a cloud instance that stays reachable")
	if len(args) == 0 || flags.Parse(args[1:]) != nil || flags.NArg() > 0 {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	now, err := lockdownVerb(args[0], *run, *state, clouds, *duration)
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, msg.UsageTunnel)
		return 2
	}
	if err != nil {
		report(err, *asJSON)
		return 1
	}
	if *asJSON {
		fmt.Println(now.JSON())
	} else {
		printLockdown(now)
	}
	return 0
}

var errUsage = errors.New("unknown subcommand")

type list []string

// String implements flag.Value.
func (l *list) String() string { return fmt.Sprint(*l) }

// Set implements flag.Value.
func (l *list) Set(text string) error {
	*l = append(*l, text)
	return nil
}

func lockdownVerb(verb, run, state string, clouds []string, duration time.Duration) (control.Lockdown, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if verb == "apply" {
		return applyLockdown(run, state)
	}
	client, err := control.Connect(ctx, run)
	if err != nil {
		return control.Lockdown{}, err
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
	return control.Lockdown{}, errUsage
}

// applyLockdown restores lockdown after a boot, if it was on before.
func applyLockdown(run, state string) (control.Lockdown, error) {
	keeper, err := open(state)
	if err != nil {
		return control.Lockdown{}, err
	}
	if keeper.IsOn() {
		if err := os.Mkdir(run, 0o755); err == nil || errors.Is(err, os.ErrExist) {
			service.WriteBlocking(run, nil, keeper, slog.New(slog.NewTextHandler(os.Stderr, nil)))
		}
	}
	return describe(keeper)
}

func open(state string) (*lockdown.Keeper, error) {
	if err := mayDoWithout(); err != nil {
		return nil, err
	}
	return lockdown.Open(lockdownConfig(state))
}

func mayDoWithout() error {
	if os.Geteuid() != 0 {
		return failure.New(failure.NotPermitted, msg.LockdownNeedsRoot())
	}
	return nil
}

func withoutService(ctx context.Context, verb, run, state string, clouds []string, duration time.Duration) (control.Lockdown, error) {
	if verb == "status" {
		if err := mayDoWithout(); err != nil {
			return control.Lockdown{}, err
		}
		return describe(lockdown.Read(lockdownConfig(state)))
	}
	keeper, err := open(state)
	if err != nil {
		return control.Lockdown{}, err
	}
	switch verb {
	case "on", "off":
		var reachable []lockdown.Cloud
		for _, text := range clouds {
			cloud, err := service.CloudOf(ctx, text)
			if err != nil {
				return control.Lockdown{}, failure.New(failure.InvalidArgument, msg.LockdownCloudURLInvalid(text))
			}
			reachable = append(reachable, cloud)
		}
		if err := keeper.Set(verb == "on", reachable); err != nil {
			return control.Lockdown{}, err
		}
	case "portal":
		link, err := portalLink()
		if err != nil {
			return control.Lockdown{}, err
		}
		if err := keeper.OpenPortal(link, duration, 0, true); err != nil {
			return control.Lockdown{}, err
		}
	default:
		return control.Lockdown{}, errUsage
	}
	if _, err := os.Stat(run); err == nil {
		service.WriteBlocking(run, nil, keeper, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	}
	return describe(keeper)
}

func portalLink() (string, error) {
	machine, err := hostnet.Open()
	if err != nil {
		return "", err
	}
	at, err := machine.Snapshot()
	return at.PortalLink(), err
}

// describe returns the status of lockdown for root, who may do everything with it.
func describe(keeper *lockdown.Keeper) (control.Lockdown, error) {
	status, err := keeper.Status()
	return control.Lockdown{Status: status}, err
}

func printLockdown(l control.Lockdown) {
	switch {
	case !l.On:
		fmt.Println(msg.LockdownOff)
	case l.By == lockdown.ByPolicy:
		fmt.Println(msg.LockdownByPolicy)
	default:
		fmt.Println(msg.LockdownOn)
	}
	if l.Portal != nil {
		fmt.Printf(msg.LockdownPortal, l.Portal.Link, l.Portal.Left.Round(time.Second))
	}
}
