package captive

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/nft"
)

// setName is the nftables set with the link of an exception. The kernel removes the element after its timeout.
const setName = "portal"

// tables are the tables that may contain an exception.
var tables = []string{marks.LockdownTable, marks.KillSwitchTable}

// Ports that a sign-in page needs: DNS, DHCP and HTTP.
var (
	portsTCP = []uint16{53, 80, 443}
	portsUDP = []uint16{53, 67}
)

func setOf(t *nftables.Table) *nftables.Set {
	return &nftables.Set{Table: t, Name: setName, KeyType: nftables.TypeIFName, HasTimeout: true}
}

// Matches adds the exception's sets to a table, and returns the matches for packets that the exception allows. They match nothing
// while it is not open. An exception that is open in the table in force stays open for its remaining time.
func Matches(t *nft.Table) ([]nft.Match, error) {
	open, err := findIn(t.Handle().Name)
	if err != nil {
		return nil, err
	}
	set := setOf(t.Handle())
	var elements []nftables.SetElement
	if open != nil {
		elements = append(elements, nftables.SetElement{Key: nft.LinkName(open.Link), Timeout: open.Left})
	}
	if err := t.Fill(set, elements); err != nil {
		return nil, err
	}
	tcp, err := t.Ports("portal-tcp", portsTCP)
	if err != nil {
		return nil, err
	}
	udp, err := t.Ports("portal-udp", portsUDP)
	if err != nil {
		return nil, err
	}
	link := nft.LeavesByOneOf(set)
	return []nft.Match{
		slices.Concat(nft.GoesToPorts(unix.IPPROTO_TCP, tcp), link), slices.Concat(nft.GoesToPorts(unix.IPPROTO_UDP, udp), link),
	}, nil
}

// Open adds the exception for a link, for a limited time, to each of the tables that exists.
func Open(link string, duration time.Duration) error {
	var all error
	for _, name := range tables {
		all = errors.Join(all, openIn(name, link, duration))
	}
	return all
}

func openIn(name, link string, duration time.Duration) error {
	conn, err := nft.Dial()
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseLasting() }()
	set := setOf(nft.Named(name))
	// Flush first, so that the timeout of an open exception starts again.
	conn.FlushSet(set)
	if err := conn.SetAddElements(set, []nftables.SetElement{{Key: nft.LinkName(link), Timeout: duration}}); err != nil {
		return err
	}
	if err := conn.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}

// Find returns the open exception, nil if there is none.
func Find() (*Exception, error) {
	for _, name := range tables {
		if open, err := findIn(name); err != nil || open != nil {
			return open, err
		}
	}
	return nil, nil
}

// findIn returns the open exception in a table, nil if there is none.
func findIn(name string) (*Exception, error) {
	conn, err := nft.Dial()
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.CloseLasting() }()
	exists, err := nft.Exists(conn, name)
	if err != nil || !exists {
		return nil, err
	}
	// Check that the set exists, because the response for a set that another program has deleted does not show an error.
	sets, err := conn.GetSets(nft.Named(name))
	if err != nil || !slices.ContainsFunc(sets, func(s *nftables.Set) bool { return s.Name == setName }) {
		return nil, err
	}
	elements, err := conn.GetSetElements(setOf(nft.Named(name)))
	if err != nil {
		return nil, err
	}
	for _, e := range elements {
		if e.Expires > 0 {
			return &Exception{Link: strings.TrimRight(string(e.Key), "\x00"), Left: e.Expires}, nil
		}
	}
	return nil, nil
}
