package session

import "sag.software/native/internal/msg"

// HopKind is a link of the chain from the client to the cloud networks. The numbers are those of sag.types.v1.HopKind.
type HopKind int32

// The hops that sag-tunnel itself says something about.
const (
	HopClient      HopKind = 1
	HopAccessPoint HopKind = 2
	HopInstance    HopKind = 3
)

// Fixer is who can fix what is wrong. The numbers are those of sag.types.v1.Mender.
type Fixer int32

// Who can fix something.
const (
	FixedByUser          Fixer = 1
	FixedByAdministrator Fixer = 2
	FixedByNetwork       Fixer = 3
)

// WarningCode is what is wrong though the tunnel is up. The numbers are those of sag.types.v1.WarningCode.
type WarningCode int32

// The warnings of sag-tunnel itself; the cloud instance has others.
const (
	WarnInstanceUnreachable WarningCode = 2
	WarnLANOverlap          WarningCode = 7
	WarnDNSConflict         WarningCode = 8
	WarnSessionNotSaved     WarningCode = 20
)

// Warning is something wrong though the tunnel is up.
type Warning struct {
	Code  WarningCode
	Hop   HopKind
	Fixer Fixer
	msg.Message
}

// Hop is one link of the chain from the client to the cloud networks.
type Hop struct {
	Kind     HopKind
	ID, Name string
	Whole    bool
	// Missing is why it is not whole; nil if it is.
	Missing *Warning
}

// Resource is something in the intranet that an administrator publishes.
type Resource struct {
	Name string
	// Kind is a sag.client.v1.ResourceKind, passed on as it came.
	Kind    int32
	Address string
}
