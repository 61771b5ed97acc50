package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/flowlog/nfcapd"
	"sag.software/native/internal/hostnet/nettest"
)

const (
	v5    = accesspointv1.FlowLog_NETFLOW_V5
	v9    = accesspointv1.FlowLog_NETFLOW_V9
	ipfix = accesspointv1.FlowLog_NETFLOW_IPFIX

	flowLogID = "fl-1"
)

var collectorAddress = netip.MustParseAddrPort(outside + ":9995")

// record makes the access point record the client's flows.
func (c *campus) record(version accesspointv1.FlowLog_Netflow) {
	c.t.Helper()
	cloud := c.points[0].cloud
	cloud.SetFlowLogs(&accesspointv1.FlowLog{
		Id: flowLogID, Netflow: version, CollectorAddress: outside, CollectorPort: uint32(collectorAddress.Port()), JsonLines: true,
		ActiveTimeout: durationpb.New(time.Minute), InactiveTimeout: durationpb.New(10 * time.Second),
	})
	peer := c.client.Peer(time.Hour, destinations4, destinations6)
	peer.FlowLogId, peer.InstanceId, peer.SharedRateId = flowLogID, "sag-1", "anna"
	cloud.WaitAck(c.t, cloud.Upsert(peer))
}

// finish ends the session and the access point, and returns its last counters.
func (c *campus) finish() (session *accesspointv1.Counters, flowLog *accesspointv1.FlowLogCounters) {
	c.t.Helper()
	g := c.points[0]
	g.cloud.WaitAck(c.t, g.cloud.Remove(sessionID)) // from now on nothing is counted
	g.process.terminate(c.t)
	for len(g.cloud.Reports) > 0 {
		report := <-g.cloud.Reports
		for _, counters := range report.GetCounters() {
			session = counters
		}
		for _, counters := range report.GetFlowLogs() {
			flowLog = counters
		}
	}
	return session, flowLog
}

// flowFile is the option for the file of JSON lines.
func flowFile(t *testing.T) (path, option string) {
	path = filepath.Join(t.TempDir(), "flows.jsonl")
	return path, "--flow-file=" + path
}

// A collector reads as many bytes in each direction as the access point has counted for the session.
func TestFlowLogs(t *testing.T) {
	for _, test := range []struct {
		mode    string
		version accesspointv1.FlowLog_Netflow
	}{{"nat", v5}, {"nat", v9}, {"nat", ipfix}, {"userspace", ipfix}, {"routed", ipfix}} {
		t.Run(test.mode+" "+test.version.String(), func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			path, option := flowFile(t)
			c := newCampus(t, test.mode, 1, option)
			collector := nfcapd.Start(t, collectorAddress)
			c.record(test.version)
			c.enter(c.points[0])
			c.download(300 << 10)
			hosts := []string{host4, host6}
			if test.version == v5 {
				hosts = hosts[:1]
			}
			for _, host := range hosts {
				c.seenAs(host)
				must(t, c.ping(host, kernelPatience))
				must(t, c.datagram(host, 1900, kernelPatience)) // in fragments
			}
			c.refused(net.JoinHostPort(forbidden, fmt.Sprint(tcpPort)))
			counters, flowLog := c.finish()

			flows := map[string]nfcapd.Counted{}
			collector.Stop(flows)
			var up, down uint64
			for name, f := range flows {
				if source := strings.Fields(name)[1]; strings.HasPrefix(source, client4+":") || strings.HasPrefix(source, client6+":") {
					up += f.Bytes
				} else {
					down += f.Bytes
				}
			}
			if up != counters.GetRxBytes() || down != counters.GetTxBytes() || down < 300<<10 {
				t.Errorf("the collector has %d bytes up and %d down, the access point counted %d and %d", up, down, counters.GetRxBytes(), counters.GetTxBytes())
				for name, f := range flows {
					t.Log(name, f)
				}
			}
			if text, err := os.ReadFile(path); err != nil || !bytes.Contains(text, []byte(`"instance":"sag-1","account":"anna","session":"`+sessionID)) {
				t.Errorf("the file has %v %.500s", err, text)
			}
			t.Logf("%d flows, %d bytes up, %d down; %v", len(flows), up, down, flowLog)
		})
	}
}

// download receives a number of bytes over TCP.
func (c *campus) download(size int64) {
	c.t.Helper()
	conn, err := c.client.Dial(context.Background(), net.JoinHostPort(host4, fmt.Sprint(bulkPort)))
	must(c.t, err)
	must(c.t, conn.SetReadDeadline(time.Now().Add(kernelPatience)))
	_, err = io.CopyN(io.Discard, conn, size)
	must(c.t, err)
	must(c.t, conn.Close())
}

// What flows while the collector is gone is lost and counted. Once it is back, it reads all further records, although it had no templates.
func TestCollectorGoneAndBack(t *testing.T) {
	for _, version := range []accesspointv1.FlowLog_Netflow{v9, ipfix} {
		t.Run(version.String(), func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			path, option := flowFile(t)
			c := newCampus(t, "nat", 1, option)
			first := nfcapd.Start(t, collectorAddress)
			c.record(version)
			c.enter(c.points[0])
			const count, size = 5, 100
			lines := 0
			query := func() { // each is two flows, which end with the answer
				for range count {
					must(t, c.datagram(host4, size, kernelPatience))
				}
				lines += 2 * count
				nettest.Until(t, "the records in the file", func() bool {
					text, _ := os.ReadFile(path)
					return bytes.Count(text, []byte("\n")) >= lines
				})
			}
			check := func(what string, collector *nfcapd.Collector) {
				t.Helper()
				flows, up := map[string]nfcapd.Counted{}, 0
				collector.Stop(flows)
				for name, f := range flows {
					if strings.HasPrefix(strings.Fields(name)[1], client4+":") {
						up++
						if f != (nfcapd.Counted{Packets: 1, Bytes: size + 28}) {
							t.Errorf("%s: %s: %+v", what, name, f)
						}
					}
				}
				if up != count || len(flows) != 2*count {
					t.Errorf("%s: %v", what, flows)
				}
			}
			query()
			check("before", first)
			query() // nobody receives this
			second := nfcapd.Start(t, collectorAddress)
			query()
			check("after", second)
			_, counters := c.finish()
			if counters.GetSent() != 6*count || counters.GetLost() == 0 || counters.GetLost() > 2*count || counters.GetWritten() != 6*count {
				t.Errorf("counted %v", counters)
			}
			t.Log(counters)
		})
	}
}

// A client that opens more flows than it may have in the table loses nothing: those that do not fit are recorded early.
func TestManyFlows(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "nat", 1)
	collector := nfcapd.Start(t, collectorAddress)
	c.record(ipfix)
	c.enter(c.points[0])
	const count, size = 6000, 100
	to := netip.AddrPortFrom(netip.MustParseAddr(host4), 9)
	for range count {
		conn, err := c.client.Stack.DialUDP(context.Background(), to)
		must(t, err)
		_, err = conn.Write(make([]byte, size))
		must(t, err)
		must(t, conn.Close())
	}
	c.seenAs(host4) // the packets before have arrived
	counters, flowLog := c.finish()
	flows, up, down := map[string]nfcapd.Counted{}, uint64(0), uint64(0)
	collector.Stop(flows)
	for name, f := range flows {
		if strings.HasPrefix(strings.Fields(name)[1], client4+":") {
			up += f.Bytes
		} else {
			down += f.Bytes
		}
	}
	if up != counters.GetRxBytes() || down != counters.GetTxBytes() {
		t.Errorf("the collector has %d bytes up and %d down, the access point counted %d and %d", up, down, counters.GetRxBytes(), counters.GetTxBytes())
	}
	if flowLog.GetEvicted() == 0 || up < count*(size+28)*9/10 {
		t.Errorf("counted %v; %d bytes up", flowLog, up)
	}
	t.Logf("%d flows, %d bytes up, %d down; %v", len(flows), up, down, flowLog)
}
