package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"sag.software/native/internal/tunnel/tunneltest"
)

// page fetches the intranet's page as any program would.
func page() (string, error) {
	out, err := exec.Command("curl", "-sS", "--max-time", "3", "http://"+tunneltest.Portal.String()+"/").CombinedOutput()
	return string(out), err
}

// ping sends one echo request and waits for the reply.
func ping(address string) error {
	socket, err := icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return err
	}
	defer socket.Close()
	request := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: 1, Data: []byte("sag")}}
	bytes, err := request.Marshal(nil)
	if err != nil {
		return err
	}
	_ = socket.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := socket.WriteTo(bytes, &net.IPAddr{IP: net.ParseIP(address)}); err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return err
		}
		answer, err := icmp.ParseMessage(1, buffer[:n])
		if err == nil && answer.Type == ipv4.ICMPTypeEchoReply && from.String() == address {
			return nil
		}
	}
}

// refused reports whether the kernel's route for the intranet is an unreachable route.
func refused() bool {
	out, err := exec.Command("ip", "route", "get", tunneltest.Portal.String()).CombinedOutput()
	return err != nil && strings.Contains(string(out), "No route to host")
}
