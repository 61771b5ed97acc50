package failure

import "strconv"

// Cause is the code of a failure: why something is not up or did not work. The numbers are those of sag.types.v1.Cause.
type Cause int32

// The causes. common/causes/table.ts says for each who can fix it, what is shown and which exit code it has.
const (
	Unspecified Cause = 0
	Unknown     Cause = 1

	// Sign-ins and sessions.
	BadCredentials         Cause = 2
	UnknownCode            Cause = 3
	TooManyAttempts        Cause = 4
	AccountDisabled        Cause = 5
	Kicked                 Cause = 6
	Replaced               Cause = 7
	SessionLimit           Cause = 8
	AddressInUse           Cause = 9
	SignInExpired          Cause = 10
	SessionExpired         Cause = 11
	PasswordChangeRequired Cause = 12
	SecondFactorRequired   Cause = 13

	// The cloud instance.
	InstanceUnreachable         Cause = 14
	InstanceIdentityChanged     Cause = 15
	InstanceIdentityUnknown     Cause = 16
	InstanceLocked              Cause = 17
	InstanceExpired             Cause = 18
	AnswerInvalid               Cause = 19
	AnswerTooLarge              Cause = 20
	ProtocolTooOld              Cause = 21
	ClientTooOld                Cause = 22
	IdentityProviderUnavailable Cause = 23

	// The host's network, and the access points.
	CaptivePortal          Cause = 24
	NoNetwork              Cause = 25
	AccessPointUnreachable Cause = 26
	NoAccessPoint          Cause = 27
	AddressPoolExhausted   Cause = 28
	DNSUnavailable         Cause = 29

	// This host.
	TunnelBinaryMissing Cause = 30
	TunnelCrashed       Cause = 31
	ServiceNotRunning   Cause = 32
	NotPermitted        Cause = 33
	VPNConflict         Cause = 34
	PortInUse           Cause = 35
	StorageFull         Cause = 36
	StorageReadonly     Cause = 37
	KeychainUnavailable Cause = 38
	KeychainLocked      Cause = 39
	InUseByAnotherUser  Cause = 40

	// Failures of a command.
	UnknownIntranet    Cause = 41
	NotConnected       Cause = 42
	NameNotFound       Cause = 43
	TargetRefused      Cause = 44
	TargetUnreachable  Cause = 45
	TargetTimeout      Cause = 46
	DataDirectoryInUse Cause = 47
	NotARealPath       Cause = 48

	// An argument or field that is not valid; Failure.text says which and why.
	InvalidArgument Cause = 49
	// An object an administrator named does not exist, or exists already.
	NotFound      Cause = 50
	AlreadyExists Cause = 51

	// Stored files are incomplete or damaged; Failure.text names them.
	StorageDamaged Cause = 52

	// The server has accepted an administrator's request, but not answered.
	AnswerMissing Cause = 53

	// An access list or a firewall of the intranet does not allow connections to the target.
	TargetDenied Cause = 54
)

// names are the causes as they are spelled in logs, in the CLI and in local files.
var names = map[Cause]string{
	Unspecified:                 "unspecified",
	Unknown:                     "unknown",
	BadCredentials:              "bad_credentials",
	UnknownCode:                 "unknown_code",
	TooManyAttempts:             "too_many_attempts",
	AccountDisabled:             "account_disabled",
	Kicked:                      "kicked",
	Replaced:                    "replaced",
	SessionLimit:                "session_limit",
	AddressInUse:                "address_in_use",
	SignInExpired:               "sign_in_expired",
	SessionExpired:              "session_expired",
	PasswordChangeRequired:      "password_change_required",
	SecondFactorRequired:        "second_factor_required",
	InstanceUnreachable:         "instance_unreachable",
	InstanceIdentityChanged:     "instance_identity_changed",
	InstanceIdentityUnknown:     "instance_identity_unknown",
	InstanceLocked:              "instance_locked",
	InstanceExpired:             "instance_expired",
	AnswerInvalid:               "answer_invalid",
	AnswerTooLarge:              "answer_too_large",
	ProtocolTooOld:              "protocol_too_old",
	ClientTooOld:                "client_too_old",
	IdentityProviderUnavailable: "identity_provider_unavailable",
	CaptivePortal:               "captive_portal",
	NoNetwork:                   "no_network",
	AccessPointUnreachable:      "access_point_unreachable",
	NoAccessPoint:               "no_access_point",
	AddressPoolExhausted:        "address_pool_exhausted",
	DNSUnavailable:              "dns_unavailable",
	TunnelBinaryMissing:         "tunnel_binary_missing",
	TunnelCrashed:               "tunnel_crashed",
	ServiceNotRunning:           "service_not_running",
	NotPermitted:                "not_permitted",
	VPNConflict:                 "vpn_conflict",
	PortInUse:                   "port_in_use",
	StorageFull:                 "storage_full",
	StorageReadonly:             "storage_readonly",
	KeychainUnavailable:         "keychain_unavailable",
	KeychainLocked:              "keychain_locked",
	InUseByAnotherUser:          "in_use_by_another_user",
	UnknownIntranet:             "unknown_intranet",
	NotConnected:                "not_connected",
	NameNotFound:                "name_not_found",
	TargetRefused:               "target_refused",
	TargetUnreachable:           "target_unreachable",
	TargetTimeout:               "target_timeout",
	DataDirectoryInUse:          "data_directory_in_use",
	NotARealPath:                "not_a_real_path",
	InvalidArgument:             "invalid_argument",
	NotFound:                    "not_found",
	AlreadyExists:               "already_exists",
	StorageDamaged:              "storage_damaged",
	AnswerMissing:               "answer_missing",
	TargetDenied:                "target_denied",
}

// String returns the name of a cause, for example "not_permitted", or its number if this version has no name for it.
func (c Cause) String() string {
	if name, known := names[c]; known {
		return name
	}
	return strconv.Itoa(int(c))
}

// ParseCause returns the cause with this name, Unknown if this version has none.
func ParseCause(name string) Cause {
	for cause, one := range names {
		if one == name {
			return cause
		}
	}
	return Unknown
}
