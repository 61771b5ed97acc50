package msg

// This file has the English texts that sag-tunnel and sag-access-point print at a terminal. Texts that cross a contract are
// in common/text.

// The output of sag-tunnel when it is run by hand.
const (
	UsageTunnel = `usage:
  sag-tunnel proxy --dir DIR --intranet ID [--log FILE] [--json]   serve one intranet in proxy mode
  sag-tunnel service [--json]                         serve the whole computer in system mode (root)
  sag-tunnel repair [--json]                          undo all changes of system mode, with or without the service (root)
  sag-tunnel lockdown on|off|status|portal|apply [--cloud URL]… [--json]   block all traffic outside the tunnel
  sag-tunnel trust add|remove|list [--url URL --code CODE [--pin PIN]…] [--json]   intranets that every user may connect to (root)
  sag-tunnel isolate --dir DIR [--report-fd N] -- COMMAND…   run a command that reaches only the tunnel served in DIR
  sag-tunnel version [--licenses]
`
	RepairUnlocked     = "Lockdown is turned off: traffic outside the tunnel is allowed again."
	RepairDisconnected = "The service is running. Its session was ended and its changes were undone."
	RepairNothing      = "There was nothing to undo."
	RepairUndone       = "Undone:"
	LockdownOff        = "Lockdown is off."
	LockdownByPolicy   = "Lockdown is on, by the intranet's policy: traffic outside the tunnel is blocked."
	LockdownOn         = "Lockdown is on: traffic outside the tunnel is blocked."
	LockdownPortal     = "A captive portal can be reached by %s for %s.\n"
	IsolateNotHere     = "sag-tunnel: this operating system has no network namespaces"
)

// What an administrator can do about a failure of sag-access-point.
const (
	PointBadUsage           = "Correct the command line; see --help."
	PointInUse              = "Stop the other access point, or use another state directory."
	PointIdentityChanged    = "Check that it is the right server, and pass its pin with --pin."
	PointCertificateUnknown = "Pass the pin of sag-cloud's ready line with --pin, or its certificate authority with SSL_CERT_FILE."
	PointNoToken            = "Create a token with sagctl and pass it with --token-stdin."
	PointTokenRefused       = "Create a new token with sagctl and pass it with --token-stdin."
	PointPortInUse          = "Stop the program that listens there, or choose another port with --listen."
	PointAddressNotHere     = "Listen on an address of this computer. Behind NAT or an elastic IP, use 0.0.0.0:PORT and --advertise HOST:PORT."
	PointStorageFull        = "Free space on the disk."
	PointStateDamaged       = "Restore the file from a backup, or remove the state directory and register the access point again with a new token from sagctl."
	PointNeedsRoot          = "Run it as root, or with --mode userspace, which needs no privileges."
	PointStateNotWritable   = "Choose a state directory that this user can write."
	PointSeeLog             = "See the log above."
)

// Options of sag-access-point.
const (
	OptionCloud        = "`URL` of the server, https://HOST:PORT"
	OptionPin          = "accepted key of the server's certificate, `sha256/BASE64URL`; repeatable"
	OptionTokenStdin   = "read a registration token from standard input; needed at the first start"
	OptionState        = "`directory` for key and identity"
	OptionListen       = "UDP `HOST:PORT` for clients; port 0 = any free port, kept across restarts; repeatable"
	OptionAdvertise    = "`HOST:PORT` that clients connect to, if not the listen address; repeatable"
	OptionName         = "display `name`; default: the host name"
	OptionRegion       = "`region` of the access point"
	OptionMode         = "forwarding mode: userspace, or routed or nat (in the kernel, as root)"
	OptionLink         = "routed: advertise clients' addresses on this `interface`; default: all but the one with the default route; repeatable"
	OptionRouteProgram = "routed: `program` to run with add or remove and an address when a client connects or leaves"
	OptionPublish      = "serve an intranet address, `[tcp:|udp:]ADDRESS:PORT=TARGET`, from TARGET (ADDRESS:PORT or unix:PATH); both protocols without tcp: or udp:; repeatable"
	OptionAllow        = "allow a `PREFIX` that is refused by default (the host's own addresses, link-local); never loopback; repeatable"
	OptionFlowFile     = "write the records of flow logs for a log service to `FILE`, as JSON lines; default: flows.jsonl in the state directory"
	OptionJSON         = "ready line and failures as JSON on standard output"
	OptionVerbose      = "log every decision"
	UsageAccessPoint   = `usage: sag-access-point run --cloud URL [--pin PIN]... --token-stdin --state DIR --listen HOST:PORT... [options]
       sag-access-point version [--licenses]

Serves the clients of one address space: connects to the server, terminates tunnels and forwards traffic.
`
)

// Usage errors of sag-access-point, and what both programs print.
const (
	LicensesUnreadable   = "The licences cannot be read: %v\n"
	UnexpectedArgument   = "unexpected argument %q"
	StateMissing         = "--state: a directory is required"
	ModeUnknown          = "--mode: %q is unknown; use userspace, routed or nat"
	PublishByKernel      = "--publish cannot be used with --mode %s, in which the kernel forwards"
	OnlyRouted           = "--link and --route-program need --mode routed"
	RouteProgramRelative = "--route-program: %q must be an absolute path"
	ListenMissing        = "--listen: at least one HOST:PORT is required"
	ListenInvalid        = "--listen: %q is not ADDRESS:PORT"
	AdvertiseInvalid     = "--advertise: %q is not HOST:PORT"
	AllowInvalid         = "--allow: %q is not a prefix"
	NameTooLong          = "--name is limited to 128 bytes, --region to 64"
)
