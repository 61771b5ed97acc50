package acl

import (
	"net/netip"
	"strconv"
	"strings"

	"sag.software/native/internal/datapath/rules"
)

// published is a rule with the fields of the published API (AddACLRule).
type published struct {
	Direction       string
	Policy          string
	Priority        int
	IpProtocol      string `json:"protocol"`
	SourceCidr      string
	DestCidr        string
	SourcePortRange string `json:"sourcePorts"`
	DestPortRange   string `json:"destPorts"`
}

// sample is a packet that opens a flow.
type sample struct {
	// Direction is "out" from the client, "in" to it.
	Direction string
	// Protocol is TCP, UDP, ICMP, GRE, or another name.
	Protocol             string
	Source, Dest         netip.Addr
	SourcePort, DestPort int
	// Client are all inner addresses of the client.
	Client []netip.Addr
}

// accepts is the reference: it follows the documents word by word and is slow. It returns the position of the deciding rule, -1 = none.
//   - Direction: "in" or "out".
//   - Policy: "accept" or "drop".
//   - Priority: 1-100, a smaller number has the higher priority.
//   - Ports: "from/to" of 1-65535, -1/-1 for all ports.
//   - IpProtocol: case does not matter; ALL for all.
//   - Without a matching rule, the packet is allowed.
func accepts(list []published, p sample) (accepted bool, by int) {
	for priority := 1; priority <= 100; priority++ {
		for i, r := range list {
			if r.Priority == priority && matches(r, p) {
				return r.Policy == "accept", i
			}
		}
	}
	return true, -1
}

func matches(r published, p sample) bool {
	if r.Direction != p.Direction {
		return false
	}
	if protocol := strings.ToUpper(r.IpProtocol); protocol != "ALL" && protocol != p.Protocol {
		return false
	}
	source, dest := netip.MustParsePrefix(r.SourceCidr), netip.MustParsePrefix(r.DestCidr)
	client, remote, address := source, dest, p.Dest
	if p.Direction == "in" {
		client, remote, address = dest, source, p.Source
	}
	if !remote.Contains(address) {
		return false
	}
	of := false
	for _, a := range p.Client {
		of = of || client.Contains(a)
	}
	if !of {
		return false
	}
	return portMatches(r.SourcePortRange, p.SourcePort) && portMatches(r.DestPortRange, p.DestPort)
}

func portMatches(text string, port int) bool {
	if text == "-1/-1" {
		return true
	}
	from, to, _ := strings.Cut(text, "/")
	first, _ := strconv.Atoi(from)
	last, _ := strconv.Atoi(to)
	return first <= port && port <= last
}

// rule converts a published rule to that of the data path.
func (r published) rule() rules.Rule {
	out := rules.Rule{Priority: uint32(r.Priority), Action: rules.Allow, Direction: rules.FromClient}
	if r.Policy == "drop" {
		out.Action = rules.Deny
	}
	out.Protocol = map[string]rules.Protocol{
		"ALL": rules.AnyProtocol, "TCP": rules.TCP, "UDP": rules.UDP, "ICMP": rules.ICMP, "GRE": rules.GRE,
	}[strings.ToUpper(r.IpProtocol)]
	out.Client, out.Prefix = netip.MustParsePrefix(r.SourceCidr), netip.MustParsePrefix(r.DestCidr)
	out.ClientPorts, out.Ports = portRanges(r.SourcePortRange), portRanges(r.DestPortRange)
	if r.Direction == "in" {
		out.Direction = rules.ToClient
		out.Client, out.Prefix = out.Prefix, out.Client
		out.ClientPorts, out.Ports = out.Ports, out.ClientPorts
	}
	return out
}

func portRanges(text string) []rules.PortRange {
	if text == "-1/-1" {
		return nil
	}
	from, to, _ := strings.Cut(text, "/")
	first, _ := strconv.Atoi(from)
	last, _ := strconv.Atoi(to)
	return []rules.PortRange{{First: uint16(first), Last: uint16(last)}}
}

// question converts a packet to what List.Decide is asked.
func (p sample) question() (rules.Direction, Flow) {
	number := map[string]uint8{"TCP": 6, "UDP": 17, "ICMP": 1, "GRE": 47, "SCTP": 132}[p.Protocol]
	if p.Direction == "in" {
		return rules.ToClient, Flow{Remote: p.Source, RemotePort: uint16(p.SourcePort), ClientPort: uint16(p.DestPort), Protocol: number}
	}
	return rules.FromClient, Flow{Remote: p.Dest, RemotePort: uint16(p.DestPort), ClientPort: uint16(p.SourcePort), Protocol: number}
}
