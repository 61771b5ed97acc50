package msg

// This file has the English texts that sag-tunnel and sag-access-point print at a terminal. Texts that cross a contract are
// in common/text.

// The output of sag-tunnel when it is run by hand.
const (
	UsageTunnel = `usage:
  sag-tunnel proxy --dir DIR --intranet ID [--log FILE] [--json]   serve one intranet in proxy mode
  sag-tunnel service [--json]                         serve the whole machine in system mode (root)
  sag-tunnel repair [--json]                          undo whatever system mode has changed, no service needed (root)
  sag-tunnel lockdown on|off|status|portal|apply [--cloud URL]… [--json]   let nothing leave but the tunnel
  sag-tunnel trust add|remove|list [--url URL --code CODE [--pin PIN]…] [--json]   intranets that every user may connect with (root)
  sag-tunnel isolate --dir DIR [--report-fd N] -- COMMAND…   run a command whose only network is the tunnel served in DIR
  sag-tunnel version [--licenses]
`
	RepairUnlocked     = "Lockdown is lifted: everything may leave this machine again."
	RepairDisconnected = "The service is running; its session was ended and everything it had changed was undone."
	RepairNothing      = "There was nothing to undo."
	RepairUndone       = "Undone:"
	LockdownOff        = "Lockdown is off."
	LockdownByPolicy   = "Lockdown is on, by the intranet's policy: nothing leaves this machine but the tunnel."
	LockdownOn         = "Lockdown is on: nothing leaves this machine but the tunnel."
	LockdownPortal     = "A captive portal can be reached by %s for %s.\n"
	IsolateNotHere     = "sag-tunnel: this operating system has no network namespaces"
)

// What an administrator can do about a failure of sag-access-point.
const (
	PointBadUsage           = "Correct the command line; --help shows it."
	PointInUse              = "Stop the other access point, or give this one a state directory of its own."
	PointIdentityChanged    = "Make sure that it is the right server, and give its pin by --pin."
	PointCertificateUnknown = "Give --pin and the pin of sag-cloud's ready line, or trust its authority with SSL_CERT_FILE."
	PointNoToken            = "Make a token with sagctl and give it by --token-stdin."
	PointTokenRefused       = "Make a new token with sagctl and give it by --token-stdin."
	PointPortInUse          = "Stop what listens there, or choose another port by --listen."
	PointAddressNotHere     = "Listen on an address of this machine; behind NAT or an elastic IP on 0.0.0.0:PORT, with --advertise HOST:PORT."
	PointStorageFull        = "Make room on the disk."
	PointNeedsRoot          = "Run it as root, or with --mode userspace, which needs nothing."
	PointStateNotWritable   = "Choose a state directory that this user may write."
	PointSeeLog             = "See the log above."
)

// Options of sag-access-point.
const (
	OptionCloud        = "`URL` of the cloud instance, https://HOST:PORT"
	OptionPin          = "accept the cloud instance by its certificate's key, `sha256/BASE64URL`; repeatable"
	OptionTokenStdin   = "read a registration token from standard input; needed at the first start"
	OptionState        = "`directory` for key and identity"
	OptionListen       = "UDP `HOST:PORT` for clients; port 0 = any, the same again after a restart; repeatable"
	OptionAdvertise    = "`HOST:PORT` at which clients reach it, if not where it listens; repeatable"
	OptionName         = "`name` for people; the host's name by default"
	OptionRegion       = "`region` it stands in"
	OptionMode         = "how traffic is forwarded: userspace, routed or nat (both by the kernel, as root)"
	OptionLink         = "routed: answer for clients on the network of this `interface`; all but the way to the Internet by default; repeatable"
	OptionRouteProgram = "routed: run this `program` with add or remove and an address when a client comes or goes"
	OptionPublish      = "serve an intranet address, `[tcp:|udp:]ADDRESS:PORT=TARGET`, from TARGET (ADDRESS:PORT or unix:PATH); both protocols without tcp: or udp:; repeatable"
	OptionAllow        = "open a `PREFIX` that would be refused (the host's own addresses, link-local); never loopback; repeatable"
	OptionJSON         = "ready line and failures as JSON on standard output"
	OptionVerbose      = "log every decision"
	UsageAccessPoint   = `usage: sag-access-point run --cloud URL [--pin PIN]... --token-stdin --state DIR --listen HOST:PORT... [options]
       sag-access-point version [--licenses]

Serves the clients of one address space: connects out to the cloud instance, ends their tunnels and forwards their traffic.
`
)

// Usage errors of sag-access-point, and what both programs print.
const (
	LicensesUnreadable   = "The licences cannot be read: %v\n"
	UnexpectedArgument   = "unexpected argument %q"
	StateMissing         = "--state: a directory is needed"
	ModeUnknown          = "--mode: %q is unknown; there are userspace, routed and nat"
	PublishByKernel      = "--publish: not with --mode %s, where the kernel forwards"
	OnlyRouted           = "--link and --route-program belong to --mode routed"
	RouteProgramRelative = "--route-program: %q must be an absolute path"
	ListenMissing        = "--listen: at least one HOST:PORT is needed"
	ListenInvalid        = "--listen: %q is not ADDRESS:PORT"
	AdvertiseInvalid     = "--advertise: %q is not HOST:PORT"
	AllowInvalid         = "--allow: %q is not a prefix"
	NameTooLong          = "--name may have 128 bytes, --region 64"
)
