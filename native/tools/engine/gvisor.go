package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"strconv"
	"strings"
)

// tcpFolder contains gVisor's TCP implementation.
const tcpFolder = "pkg/tcpip/transport/tcp/"

var gvisor = target{
	path: "gvisor.dev/gvisor", folder: "gvisor",
	// The rest is gVisor's sandbox, about 50 MB.
	copies: func(inside string) bool {
		top, _, _ := strings.Cut(inside, "/")
		return inside == "." || inside != "pkg/sentry" && top == "pkg"
	},
	changes: gvisorChanges,
	added:   map[string]string{"tcp_recovery.go": tcpFolder + "sag_recovery.go", "tcp_rate.go": tcpFolder + "sag_rate.go"},
}

// replaced lists the functions that _added/tcp_recovery.go replaces, each with the hash of upstream's text that it was written for.
var replaced = []struct {
	file, function, hash string
	// onlyUser is an imported package that only this function uses.
	onlyUser string
}{
	{file: "snd.go", function: "walkSACK", hash: "4b564c4ccbe9", onlyUser: "sort"},
	{file: "snd.go", function: "SetPipe", hash: "437a5ae0d914"},
	{file: "rack.go", function: "detectLoss", hash: "3a99379579d8"},
	{file: "rack.go", function: "DoRecovery", hash: "5682336729bd"},
}

var gvisorChanges = append(replacements(), []change{
	{
		file: tcpFolder + "segment.go",
		what: "a segment stores the state of the rate measurement, and copies keep whether the segment is acknowledged or lost",
		why:  "with GSO a segment is up to 16 packets, and it is split where an acknowledgement ends inside it",
		make: func(s *source) error {
			if err := s.field("segment", "rate segmentRate `state:\"nosave\"`"); err != nil {
				return err
			}
			f, err := s.function("clone")
			if err != nil {
				return err
			}
			return s.before(f, "t.pkt = s.pkt.Clone()", "t.acked, t.lost, t.rate = s.acked, s.lost, s.rate")
		},
	},
	{
		file: tcpFolder + "rack.go",
		what: "every delivered segment is counted",
		why:  "the delivery rate is measured from these counts",
		make: func(s *source) error {
			f, err := s.function("update")
			if err != nil {
				return err
			}
			s.insert(f.Body.Lbrace+1, "\nrc.snd.rateDelivered(seg, ackSeg)")
			return nil
		},
	},
	{
		file: tcpFolder + "rack.go",
		what: "the reordering timer does not start recovery after a retransmission timeout",
		why:  "everything is retransmitted then, and the window is already reduced",
		make: func(s *source) error {
			f, err := s.function("reorderTimerExpired")
			if err != nil {
				return err
			}
			return s.reword(f, "!rc.snd.FastRecovery.Active", "!rc.snd.FastRecovery.Active && rc.snd.state != tcpip.RTORecovery")
		},
	},
	{
		file: tcpFolder + "snd.go",
		what: "the sender measures the delivery rate",
		why:  "the congestion control of _added/tcp_rate.go needs it",
		make: func(s *source) error {
			if err := s.field("sender", "rate deliveryRate `state:\"nosave\"`"); err != nil {
				return err
			}
			send, err := s.function("sendSegment")
			if err != nil {
				return err
			}
			if err := s.before(send, "seg.xmitCount++", "s.rateSent(seg)"); err != nil {
				return err
			}
			data, err := s.function("sendData")
			if err != nil {
				return err
			}
			return s.before(data, "s.postXmit(dataSent, true /* shouldScheduleProbe */)", "s.rateLimited()")
		},
	},
	{
		file: tcpFolder + "snd.go",
		what: "there is another congestion control",
		why:  "Reno and CUBIC treat every loss as congestion",
		make: func(s *source) error {
			f, err := s.function("initCongestionControl")
			if err != nil {
				return err
			}
			return s.before(f, "switch congestionControlName {\n\tcase ccCubic:\n\t\treturn newCubicCC(s)\n\tcase ccReno:\n\t\tfallthrough\n\tdefault:\n\t\treturn newRenoCC(s)\n\t}",
				"if congestionControlName == ccRate {\nreturn newRateCC(s)\n}")
		},
	},
	{
		file: tcpFolder + "protocol.go",
		what: "the congestion control can be selected",
		why:  "options that are not in the list are refused",
		make: func(s *source) error {
			f, err := s.function("newProtocol")
			if err != nil {
				return err
			}
			return s.reword(f, "[]string{ccReno, ccCubic}", "[]string{ccReno, ccCubic, ccRate}")
		},
	},
	{
		file: tcpFolder + "snd.go",
		what: "duplicate acknowledgements are left to RACK",
		why:  "with GSO and GRO one acknowledgement stands for many packets, so their number is not meaningful",
		make: func(s *source) error {
			f, err := s.function("detectLoss")
			if err != nil {
				return err
			}
			return s.restate(f, "if s.rc.Reord {\n\t\t\treturn false\n\t\t}", "return false")
		},
	},
	{
		file: tcpFolder + "snd.go",
		what: "after a retransmission timeout, lost retransmissions are sent again",
		why:  "otherwise only the next timeout, which is twice as long, repairs them",
		make: func(s *source) error {
			expired, err := s.function("retransmitTimerExpired")
			if err != nil {
				return err
			}
			reset, err := s.statement(expired, "s.ep.scoreboard.Reset()")
			if err != nil {
				return err
			}
			s.insert(reset.End(), "\ns.forgetSACKs()")
			f, err := s.function("handleRcvdSegment")
			if err != nil {
				return err
			}
			if err := s.reword(f, "numLost > 0 && !s.FastRecovery.Active", "numLost > 0 && !s.FastRecovery.Active && s.state != tcpip.RTORecovery"); err != nil {
				return err
			}
			return s.restate(f, "if s.FastRecovery.Active {\n\t\t\ts.rc.DoRecovery(nil, fastRetransmit)\n\t\t}",
				"if s.FastRecovery.Active || s.state == tcpip.RTORecovery {\ns.rc.DoRecovery(nil, fastRetransmit)\n}")
		},
	},
	{
		file: tcpFolder + "snd.go",
		what: "the congestion control processes every acknowledgement, also during recovery",
		why:  "on a lossy path the sender is nearly always in recovery",
		make: func(s *source) error {
			f, err := s.function("handleRcvdSegment")
			if err != nil {
				return err
			}
			return s.before(f, "s.rc.updateRACKReorderWindow()", "s.rateAcked(rcvdSeg)")
		},
	},
}...)

// replacements returns the changes that remove the functions in replaced.
func replacements() []change {
	var all []change
	for _, r := range replaced {
		all = append(all, change{
			file: tcpFolder + r.file,
			what: r.function + " is in _added/tcp_recovery.go",
			why:  "upstream's function treats a segment, with GSO up to 16 packets, as one packet",
			make: func(s *source) error {
				f, err := s.function(r.function)
				if err != nil {
					return err
				}
				sum := sha256.Sum256([]byte(s.of(f)))
				if got := hex.EncodeToString(sum[:6]); got != r.hash {
					return fmt.Errorf("%s has changed since it was replaced: its hash is %s, not %s", r.function, got, r.hash)
				}
				from := f.Pos()
				if f.Doc != nil {
					from = f.Doc.Pos()
				}
				s.replace(from, f.End(), "")
				return s.withoutImport(r.onlyUser)
			},
		})
	}
	return all
}

// withoutImport removes an import; an empty name removes none.
func (s *source) withoutImport(name string) error {
	if name == "" {
		return nil
	}
	spec, err := only(s.file, "the import of "+name, func(n *ast.ImportSpec) bool { return n.Path.Value == strconv.Quote(name) })
	if err != nil {
		return err
	}
	s.replace(spec.Pos(), spec.End(), "")
	return nil
}

// before inserts text before the one statement with the given text.
func (s *source) before(root ast.Node, statement, text string) error {
	at, err := s.statement(root, statement)
	if err != nil {
		return err
	}
	s.insert(at.Pos(), text+"\n")
	return nil
}

// reword replaces an expression.
func (s *source) reword(root ast.Node, was, is string) error {
	expression, err := s.expression(root, was)
	if err != nil {
		return err
	}
	s.replace(expression.Pos(), expression.End(), is)
	return nil
}
