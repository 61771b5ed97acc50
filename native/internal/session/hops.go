package session

import "sag.software/native/internal/msg"

// HopKind is the kind of a hop. The numbers are those of sag.types.v1.HopKind.
type HopKind int32

// The hops for which sag-tunnel itself creates warnings.
const (
	HopClient      HopKind = 1
	HopAccessPoint HopKind = 2
	HopInstance    HopKind = 3
)

// Fixer is who can fix a problem. The numbers are those of sag.types.v1.Fixer.
type Fixer int32

// The values of Fixer.
const (
	FixedByUser          Fixer = 1
	FixedByAdministrator Fixer = 2
	FixedByNetwork       Fixer = 3
)

// WarningCode is the kind of a warning. The numbers are those of sag.types.v1.WarningCode.
type WarningCode int32

// The warnings of sag-tunnel itself; the cloud instance has others.
const (
	WarnInstanceUnreachable WarningCode = 2
	WarnLANOverlap          WarningCode = 7
	WarnDNSConflict         WarningCode = 8
	WarnSessionNotSaved     WarningCode = 20
)

// Warning is a problem that does not stop the tunnel.
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
	// Missing is why the hop does not work; nil if it does.
	Missing *Warning
}

// Resource is a published resource of the intranet.
type Resource struct {
	Name string
	// Kind is a sag.client.v1.ResourceKind, passed on unchanged.
	Kind    int32
	Address string
}
