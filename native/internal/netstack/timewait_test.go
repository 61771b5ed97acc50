package netstack

import (
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/seqnum"
)

func TestSYNReplacesTimeWait(t *testing.T) {
	const end = seqnum.Value(1000)
	for _, test := range []struct {
		name       string
		former     former
		sequence   seqnum.Value
		timestamps bool
		timestamp  uint32
		want       bool
	}{
		{"later timestamp", former{timestamps: true, timestamp: 50}, 1, true, 51, true},
		{"later timestamp, after the counter has wrapped", former{timestamps: true, timestamp: 0xfffffff0}, 1, true, 3, true},
		{"earlier timestamp: an old duplicate", former{timestamps: true, timestamp: 50}, 5000, true, 49, false},
		{"earlier timestamp, later data", former{timestamps: true, timestamp: 50, end: end, endKnown: true}, 5000, true, 49, false},
		{"same timestamp, nothing known of the data", former{timestamps: true, timestamp: 50}, 5000, true, 50, false},
		{"same timestamp, later data", former{timestamps: true, timestamp: 50, end: end, endKnown: true}, 1001, true, 50, true},
		{"same timestamp, earlier data", former{timestamps: true, timestamp: 50, end: end, endKnown: true}, 999, true, 50, false},
		{"timestamps are new", former{end: end, endKnown: true}, 1, true, 1, true},
		{"no timestamps any more, later data", former{timestamps: true, timestamp: 50, end: end, endKnown: true}, 1001, false, 0, true},
		{"no timestamps any more, nothing known of the data", former{timestamps: true, timestamp: 50}, 1001, false, 0, false},
		{"never timestamps, later data", former{end: end, endKnown: true}, 1001, false, 0, true},
		{"never timestamps, later data, after the counter has wrapped", former{end: 0xfffffff0, endKnown: true}, 5, false, 0, true},
		{"never timestamps, the FIN's number", former{end: end, endKnown: true}, 999, false, 0, false},
		{"never timestamps, nothing known of the data", former{}, 1001, false, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.former.mayBeReplacedBy(test.sequence, test.timestamps, test.timestamp); got != test.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}
