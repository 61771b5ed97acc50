package socks

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
)

func TestReadRequest(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  []byte
		want Request
		err  error
	}{
		{"v4", []byte{5, 1, 0, 1, 10, 0, 0, 1, 0, 80}, Request{Connect, "10.0.0.1", 80}, nil},
		{"v6", append(append([]byte{5, 1, 0, 4}, netip.MustParseAddr("fd00::1").AsSlice()...), 1, 187), Request{Connect, "fd00::1", 443}, nil},
		{"name", append([]byte{5, 1, 0, 3, 4}, "host\x00\x16"...), Request{Connect, "host", 22}, nil},
		{"associate", []byte{5, 3, 0, 1, 0, 0, 0, 0, 0, 0}, Request{UDPAssociate, "0.0.0.0", 0}, nil},
		{"bind", []byte{5, 2, 0, 1, 0, 0, 0, 0, 0, 0}, Request{2, "0.0.0.0", 0}, errCommand},
		{"address type", []byte{5, 1, 0, 2, 0, 0, 0, 0, 0, 0}, Request{}, errAddressType},
		{"SOCKS4", []byte{4, 1, 0, 80, 10, 0, 0, 1, 0}, Request{}, errVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readRequest(bytes.NewReader(c.raw))
			if !errors.Is(err, c.err) || got != c.want {
				t.Fatalf("%v %v", got, err)
			}
			for cut := range c.raw {
				if _, err := readRequest(bytes.NewReader(c.raw[:cut])); c.err == nil && err == nil {
					t.Fatalf("parsed although cut to %d bytes", cut)
				}
			}
		})
	}
}

func TestGreeting(t *testing.T) {
	for _, c := range []struct {
		raw []byte
		err error
	}{
		{[]byte{5, 1, 0}, nil},
		{[]byte{5, 2, 2, 0}, nil},
		{[]byte{5, 1, 2}, errMethod},
		{[]byte{5, 0}, errMethod},
		{[]byte("GET / HTTP/1.1\r\n\r\n"), errVersion},
	} {
		if err := readGreeting(bytes.NewReader(c.raw)); !errors.Is(err, c.err) {
			t.Errorf("%q: %v", c.raw, err)
		}
	}
}

func TestDatagram(t *testing.T) {
	raw := appendDatagram(nil, netip.MustParseAddrPort("10.0.0.1:53"), []byte("data"))
	d, err := parseDatagram(raw)
	if err != nil || d.host != "10.0.0.1" || d.port != 53 || string(d.data) != "data" {
		t.Fatalf("%v %v", d, err)
	}
	raw[2] = 1
	if _, err := parseDatagram(raw); !errors.Is(err, errFragment) {
		t.Fatalf("a fragment: %v", err)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte{5, 1, 0, 1, 10, 0, 0, 1, 0, 80})
	f.Add(append([]byte{5, 1, 0, 3, 4}, "host\x00\x16"...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if request, err := readRequest(bytes.NewReader(raw)); err == nil && len(request.Host) > 255 {
			t.Fatal("longer than the protocol allows")
		}
		_ = readGreeting(bytes.NewReader(raw))
	})
}

func FuzzDatagram(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 10, 0, 0, 1, 0, 53, 'x'})
	f.Add([]byte{0, 0, 0, 3, 255})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if d, err := parseDatagram(raw); err == nil && len(d.data) > len(raw) {
			t.Fatal("more data than the input")
		}
	})
}
