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
)

// options are the command line, checked.
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

const usage = `usage: sag-access-point run --cloud URL [--pin PIN]... --token-stdin --state DIR --listen HOST:PORT... [options]

Serves the clients of one address space: connects out to the cloud instance, ends their tunnels and forwards their traffic.
`

// modes are the ways to forward, as the command line and the cloud instance know them.
var modes = map[string]accesspointv1.ForwardingMode{
	"userspace": accesspointv1.ForwardingMode_FORWARDING_MODE_USERSPACE,
	"routed":    accesspointv1.ForwardingMode_FORWARDING_MODE_ROUTED,
	"nat":       accesspointv1.ForwardingMode_FORWARDING_MODE_NAT,
}

var errUsage = errors.New("wrong use")

func parseOptions(arguments []string, words io.Writer) (*options, error) {
	if len(arguments) == 0 || arguments[0] != "run" {
		fmt.Fprint(words, usage)
		return nil, errUsage
	}
	var cloud string
	var pins, listen, advertise, publish, allow list
	o := &options{}
	flags := flag.NewFlagSet("sag-access-point run", flag.ContinueOnError)
	flags.SetOutput(words)
	flags.Usage = func() {
		fmt.Fprint(words, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&cloud, "cloud", "", "`URL` of the cloud instance, https://HOST:PORT")
	flags.Var(&pins, "pin", "accept the cloud instance by its certificate's key, `sha256/BASE64URL`; repeatable")
	flags.BoolVar(&o.tokenStdin, "token-stdin", false, "read a registration token from standard input; needed at the first start")
	flags.StringVar(&o.state, "state", "", "`directory` for key and identity")
	flags.Var(&listen, "listen", "UDP `HOST:PORT` for clients; port 0 = any, the same again after a restart; repeatable")
	flags.Var(&advertise, "advertise", "`HOST:PORT` at which clients reach it, if not where it listens; repeatable")
	flags.StringVar(&o.name, "name", "", "`name` for people; the host's name by default")
	flags.StringVar(&o.region, "region", "", "`region` it stands in")
	flags.StringVar(&o.mode, "mode", "userspace", "how traffic is forwarded: userspace, routed or nat (both by the kernel, as root)")
	flags.Var(&o.links, "link", "routed: answer for clients on the `network` of this interface; all but the way to the Internet by default; repeatable")
	flags.StringVar(&o.route, "route-program", "", "routed: run this `program` with add or remove and an address when a client comes or goes")
	flags.Var(&publish, "publish", "lead an inner `[tcp:|udp:]ADDRESS:PORT=TARGET` to ADDRESS:PORT or unix:PATH; repeatable")
	flags.Var(&allow, "allow", "open a `PREFIX` that would be refused (the host's own addresses, link-local); never loopback; repeatable")
	flags.BoolVar(&o.json, "json", false, "failures as JSON on standard output, too")
	flags.BoolVar(&o.verbose, "verbose", false, "log every decision")
	if err := flags.Parse(arguments[1:]); err != nil {
		return nil, errUsage
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err := o.checkMode(len(publish) > 0); err != nil {
		return nil, err
	}
	if o.state == "" {
		return nil, errors.New("--state: a directory is needed")
	}
	return o, errors.Join(o.setCloud(cloud, pins), o.setListen(listen, advertise), o.setPolicy(publish, allow), o.setName())
}

func (o *options) checkMode(publishes bool) error {
	if _, known := modes[o.mode]; !known {
		return fmt.Errorf("--mode: %q is unknown; there are userspace, routed and nat", o.mode)
	}
	if o.mode != "userspace" && publishes {
		return fmt.Errorf("--publish: not with --mode %s, where the kernel forwards", o.mode)
	}
	if o.mode != "routed" && (len(o.links) > 0 || o.route != "") {
		return errors.New("--link and --route-program belong to --mode routed")
	}
	if o.route != "" && !filepath.IsAbs(o.route) {
		return fmt.Errorf("--route-program: %q must be an absolute path", o.route)
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
		return errors.New("--listen: at least one HOST:PORT is needed")
	}
	for _, text := range listen {
		address, err := netip.ParseAddrPort(text)
		if err != nil {
			return fmt.Errorf("--listen: %q is not ADDRESS:PORT", text)
		}
		o.listen = append(o.listen, address)
	}
	for _, text := range advertise {
		host, portText, err := net.SplitHostPort(text)
		port, portErr := strconv.ParseUint(portText, 10, 16)
		if err != nil || portErr != nil || host == "" || port == 0 {
			return fmt.Errorf("--advertise: %q is not HOST:PORT", text)
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
			return fmt.Errorf("--allow: %q is not a prefix", text)
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
		return errors.New("--name may have 128 bytes, --region 64")
	}
	return nil
}
