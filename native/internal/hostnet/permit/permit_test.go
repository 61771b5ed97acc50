package permit

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
)

// Records of a version with UDP only are read correctly and written in the same form.
func TestEndpointsOfEarlierVersions(t *testing.T) {
	const text = `["192.0.2.1:51820","tcp/[2001:db8::1]:443"]`
	want := []Endpoint{{UDP, netip.MustParseAddrPort("192.0.2.1:51820")}, {TCP, netip.MustParseAddrPort("[2001:db8::1]:443")}}
	var read []Endpoint
	if err := json.Unmarshal([]byte(text), &read); err != nil || !slices.Equal(read, want) {
		t.Fatalf("%v %v", read, err)
	}
	if written, err := json.Marshal(read); err != nil || string(written) != text {
		t.Errorf("%s %v", written, err)
	}
	for _, wrong := range []string{`["sctp/192.0.2.1:1"]`, `["192.0.2.1"]`, `["tcp/"]`} {
		if json.Unmarshal([]byte(wrong), &read) == nil {
			t.Errorf("%s was read as %v", wrong, read)
		}
	}
}
