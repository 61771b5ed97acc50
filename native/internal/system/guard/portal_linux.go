package guard

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// portalSet holds the link of a captive portal. The kernel takes it out when its time is over, whoever is alive then.
const portalSet = "portal"

// What a sign-in page takes: names, a lease, and the page.
var (
	portalTCP = []uint16{53, 80, 443}
	portalUDP = []uint16{53, 67}
)

func portalKind(t *nftables.Table) *nftables.Set {
	return &nftables.Set{Table: t, Name: portalSet, KeyType: nftables.TypeIFName, HasTimeout: true}
}

// portal gives what is true for packets to a captive portal: of none, as long as the set is empty.
func (t *table) portal(open *Portal) ([][]expr.Any, error) {
	set := portalKind(t.table)
	var elements []nftables.SetElement
	if open != nil {
		elements = append(elements, nftables.SetElement{Key: linkName(open.Link), Timeout: open.Left})
	}
	if err := t.conn.AddSet(set, elements); err != nil {
		return nil, err
	}
	tcp, err := t.ports("portal-tcp", portalTCP)
	if err != nil {
		return nil, err
	}
	udp, err := t.ports("portal-udp", portalUDP)
	if err != nil {
		return nil, err
	}
	link := []expr.Any{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: firstWord}, lookup(set)}
	return [][]expr.Any{append(toPorts(unix.IPPROTO_TCP, tcp), link...), append(toPorts(unix.IPPROTO_UDP, udp), link...)}, nil
}

// OpenPortal opens the way by a link for so long, where something of ours would shut it.
func OpenPortal(link string, duration time.Duration) error {
	return errors.Join(openPortal(LockdownTable, link, duration), openPortal(TableName, link, duration))
}

func openPortal(name, link string, duration time.Duration) error {
	conn, err := dial()
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseLasting() }()
	set := portalKind(named(name))
	// Opened anew, the time begins anew.
	conn.FlushSet(set)
	if err := conn.SetAddElements(set, []nftables.SetElement{{Key: linkName(link), Timeout: duration}}); err != nil {
		return err
	}
	if err := conn.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}

// FindPortal is the way that is open; nil if there is none.
func FindPortal() (*Portal, error) {
	for _, name := range []string{LockdownTable, TableName} {
		if portal, err := portalOf(name); err != nil || portal != nil {
			return portal, err
		}
	}
	return nil, nil
}

func portalOf(name string) (*Portal, error) {
	conn, err := dial()
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.CloseLasting() }()
	there, err := exists(conn, name)
	if err != nil || !there {
		return nil, err
	}
	// The answer to a question for a set that somebody else took away can not be told from others.
	sets, err := conn.GetSets(named(name))
	if err != nil || !slices.ContainsFunc(sets, func(s *nftables.Set) bool { return s.Name == portalSet }) {
		return nil, err
	}
	elements, err := conn.GetSetElements(portalKind(named(name)))
	if err != nil {
		return nil, err
	}
	for _, e := range elements {
		if e.Expires > 0 {
			return &Portal{Link: strings.TrimRight(string(e.Key), "\x00"), Left: e.Expires}, nil
		}
	}
	return nil, nil
}
