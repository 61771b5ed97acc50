package service

import (
	"fmt"
	"strings"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// action is something that a caller on the service's socket can request.
type action int

const (
	seeInUse action = iota
	seeSession
	seeLockdown
	seeClouds
	prepareKey
	startTrusted
	startOther
	stopSession
	openPortal
	portalWithoutLimit
	setLockdown
	readOwnLog
	readWholeLog
	actions
)

// actionNames are the actions' names in SECURITY.md.
var actionNames = [actions]string{
	seeInUse:           "see that this computer is in use, and what is blocked",
	seeSession:         "see the session: addresses, routes, names, access points, traffic",
	seeLockdown:        "see whether lockdown is on",
	seeClouds:          "see which cloud instances lockdown lets through",
	prepareKey:         "prepare a key",
	startTrusted:       "start a session that a trusted cloud instance confirms",
	startOther:         "start a session of any other cloud instance",
	stopSession:        "end the session",
	openPortal:         "allow a captive portal, three times an hour",
	portalWithoutLimit: "allow it more often",
	setLockdown:        "turn lockdown on or off",
	readOwnLog:         "read what was logged during own sessions",
	readWholeLog:       "read the whole log",
}

// relation is the caller's current relation to the host or a tunnel.
type relation int

const (
	administrator relation = iota // root or a member of sag-admin
	owner                         // the user who started the session
	other                         // any other user, while there is a session
	anyUser                       // any user, while there is none
	relations
)

var relationNames = [relations]string{
	administrator: "administrator", owner: "owner of the session", other: "other user, during a session", anyUser: "any user, without a session",
}

// verdict is Unspecified for "permitted", else the cause of the refusal.
type verdict = failure.Cause

const (
	yes  = failure.Unspecified
	no   = failure.NotPermitted
	busy = failure.InUseByAnotherUser
)

// permissions is the only place that defines who may do what. SECURITY.md contains it, and a test compares the two. An
// administrator who is not the owner still has to end a session before starting another one, because there is only one at a
// time.
var permissions = [actions][relations]verdict{
	//                   administrator, owner, other, anyUser
	seeInUse:           {yes, yes, yes, yes},
	seeSession:         {yes, yes, no, no},
	seeLockdown:        {yes, yes, yes, yes},
	seeClouds:          {yes, yes, no, no},
	prepareKey:         {yes, yes, busy, yes},
	startTrusted:       {yes, yes, busy, yes},
	startOther:         {yes, no, no, no},
	stopSession:        {yes, yes, no, yes},
	openPortal:         {yes, yes, busy, yes},
	portalWithoutLimit: {yes, no, no, no},
	setLockdown:        {yes, no, no, no},
	readOwnLog:         {yes, yes, yes, yes},
	readWholeLog:       {yes, no, no, no},
}

// refusals are the texts of refused actions.
var refusals = [actions]func() msg.Message{
	seeInUse:           msg.ServiceOnlySeeInUse,
	seeSession:         msg.ServiceOnlySeeSession,
	seeLockdown:        msg.ServiceOnlySeeLockdown,
	seeClouds:          msg.ServiceOnlySeeClouds,
	prepareKey:         msg.ServiceOnlyPrepareKey,
	startTrusted:       msg.ServiceOnlyStartTrusted,
	startOther:         msg.ServiceOnlyStartOther,
	stopSession:        msg.ServiceStopOfOther,
	openPortal:         msg.ServiceOnlyOpenPortal,
	portalWithoutLimit: msg.ServiceOnlyPortalWithoutLimit,
	setLockdown:        msg.ServiceSetLockdown,
	readOwnLog:         msg.ServiceOnlyReadOwnLog,
	readWholeLog:       msg.ServiceOnlyReadWholeLog,
}

// permitted returns nil, or why an action is refused to a caller of that relation.
func permitted(a action, r relation) error {
	if v := permissions[a][r]; v != yes {
		return refused(a, v)
	}
	return nil
}

// refused returns the error for a verdict other than yes.
func refused(a action, v verdict) error {
	if v == busy {
		return failure.New(busy, msg.ServiceInUse())
	}
	return failure.New(v, refusals[a]())
}

// permissionTable formats the permissions as Markdown.
func permissionTable() string {
	var b strings.Builder
	b.WriteString("| action |")
	for _, name := range relationNames {
		fmt.Fprintf(&b, " %s |", name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", int(relations)) + "\n")
	for a, row := range permissions {
		fmt.Fprintf(&b, "| %s |", actionNames[a])
		for _, v := range row {
			word := map[verdict]string{yes: "yes", no: "no", busy: "no: in use"}[v]
			fmt.Fprintf(&b, " %s |", word)
		}
		b.WriteString("\n")
	}
	return b.String()
}
