package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/agent"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/msg"
)

// options are the parsed and validated command line.
type options struct {
	cloud      agent.Cloud
	tokenStdin bool
	state      string
	listen     []netip.AddrPort
	advertise  []hostPort
	name       string
	region     string
	policy     policy.Policy
	mode       string
	links      list
	route      string
	flowFile   string
	json       bool
	verbose    bool
}

type hostPort struct {
	host string
	port uint16
}

func (h hostPort) String() string { return net.JoinHostPort(h.host, strconv.Itoa(int(h.port))) }

// list is a flag that may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// modes are the values of --mode and their values in the contract.
var modes = map[string]accesspointv1.ForwardingMode{
	"userspace": accesspointv1.ForwardingMode_FORWARDING_MODE_USERSPACE,
	"routed":    accesspointv1.ForwardingMode_FORWARDING_MODE_ROUTED,
	"nat":       accesspointv1.ForwardingMode_FORWARDING_MODE_NAT,
}

var errUsage = errors.New("usage error")

func parseOptions(arguments []string, usage io.Writer) (*options, error) {
	if len(arguments) == 0 || arguments[0] != "run" {
		fmt.Fprint(usage, msg.UsageAccessPoint)
		return nil, errUsage
	}
	var cloud string
	var pins, listen, advertise, publish, allow list
	o := &options{}
	flags := flag.NewFlagSet("sag-access-point run", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Usage = func() {
		fmt.Fprint(usage, msg.UsageAccessPoint)
		printOptions(flags, usage)
	}
	flags.StringVar(&cloud, "cloud", "", msg.OptionCloud)
	flags.Var(&pins, "pin", msg.OptionPin)
	flags.BoolVar(&o.tokenStdin, "token-stdin", false, msg.OptionTokenStdin)
	flags.StringVar(&o.state, "state", "", msg.OptionState)
	flags.Var(&listen, "listen", msg.OptionListen)
	flags.Var(&advertise, "advertise", msg.OptionAdvertise)
	flags.StringVar(&o.name, "name", "", msg.OptionName)
	flags.StringVar(&o.region, "region", "", msg.OptionRegion)
	flags.StringVar(&o.mode, "mode", "userspace", msg.OptionMode)
	flags.Var(&o.links, "link", msg.OptionLink)
	flags.StringVar(&o.route, "route-program", "", msg.OptionRouteProgram)
	flags.Var(&publish, "publish", msg.OptionPublish)
	flags.Var(&allow, "allow", msg.OptionAllow)
	flags.StringVar(&o.flowFile, "flow-file", "", msg.OptionFlowFile)
	flags.BoolVar(&o.json, "json", false, msg.OptionJSON)
	flags.BoolVar(&o.verbose, "verbose", false, msg.OptionVerbose)
	if err := flags.Parse(arguments[1:]); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, errUsage
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf(msg.UnexpectedArgument, flags.Arg(0))
	}
	if err := o.checkMode(len(publish) > 0); err != nil {
		return nil, err
	}
	if o.state == "" {
		return nil, errors.New(msg.StateMissing)
	}
	if o.flowFile == "" {
		o.flowFile = filepath.Join(o.state, "flows.jsonl")
	}
	return o, errors.Join(o.setCloud(cloud, pins), o.setListen(listen, advertise), o.setPolicy(publish, allow), o.setName())
}

// printOptions lists the options with two dashes; package flag would print one.
func printOptions(flags *flag.FlagSet, usage io.Writer) {
	flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		fmt.Fprintf(usage, "  --%s\n        %s\n", strings.TrimSpace(f.Name+" "+value), text)
	})
}

func (o *options) checkMode(publishes bool) error {
	if _, known := modes[o.mode]; !known {
		return fmt.Errorf(msg.ModeUnknown, o.mode)
	}
	if o.mode != "userspace" && publishes {
		return fmt.Errorf(msg.PublishByKernel, o.mode)
	}
	if o.mode != "routed" && (len(o.links) > 0 || o.route != "") {
		return errors.New(msg.OnlyRouted)
	}
	if o.route != "" && !filepath.IsAbs(o.route) {
		return fmt.Errorf(msg.RouteProgramRelative, o.route)
	}
	return nil
}

func (o *options) setCloud(address string, texts []string) error {
	var pins []agent.Pin
	for _, text := range texts {
		pin, err := agent.ParsePin(text)
		if err != nil {
			return fmt.Errorf("--pin: %w", err)
		}
		pins = append(pins, pin)
	}
	var err error
	if o.cloud, err = agent.ParseCloud(address, pins); err != nil {
		return fmt.Errorf("--cloud: %w", err)
	}
	return nil
}

func (o *options) setListen(listen, advertise []string) error {
	if len(listen) == 0 {
		return errors.New(msg.ListenMissing)
	}
	for _, text := range listen {
		address, err := netip.ParseAddrPort(text)
		if err != nil {
			return fmt.Errorf(msg.ListenInvalid, text)
		}
		o.listen = append(o.listen, address)
	}
	for _, text := range advertise {
		host, portText, err := net.SplitHostPort(text)
		port, portErr := strconv.ParseUint(portText, 10, 16)
		if err != nil || portErr != nil || host == "" || port == 0 {
			return fmt.Errorf(msg.AdvertiseInvalid, text)
		}
		o.advertise = append(o.advertise, hostPort{host, uint16(port)})
	}
	return nil
}

func (o *options) setPolicy(publish, allow []string) error {
	for _, text := range publish {
		if err := o.policy.Published.Publish(text); err != nil {
			return fmt.Errorf("--publish %s: %w", text, err)
		}
	}
	for _, text := range allow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf(msg.AllowInvalid, text)
		}
		o.policy.Allowed = append(o.policy.Allowed, prefix.Masked())
	}
	return nil
}

func (o *options) setName() error {
	if o.name == "" {
		o.name, _ = os.Hostname()
	}
	if o.name == "" {
		o.name = "access-point"
	}
	if len(o.name) > 128 || len(o.region) > 64 {
		return errors.New(msg.NameTooLong)
	}
	return nil
}
