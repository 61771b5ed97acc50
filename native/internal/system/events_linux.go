package system

import (
	"bytes"
	"context"
	"errors"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/system/guard"
)

// subscribeNetwork tells of every change to links, addresses, routes and rules; see looks at each message first.
func subscribeNetwork(ctx context.Context, told chan<- struct{}, see func(syscall.NetlinkMessage)) error {
	all := func(m syscall.NetlinkMessage) bool { see(m); return true }
	return subscribe(ctx, told, all, unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
		unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE)
}

// subscribeGuard tells of every change to our tables, also of their end.
func subscribeGuard(ctx context.Context, told chan<- struct{}) error {
	ours := func(m syscall.NetlinkMessage) bool {
		return bytes.Contains(m.Data, []byte(guard.TableName+"\x00")) || bytes.Contains(m.Data, []byte(guard.LockdownTable+"\x00"))
	}
	return subscribe(ctx, told, ours, unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
}

// subscribe tells of messages to groups of the kernel's that matter. Each message is shown to matters.
func subscribe(ctx context.Context, told chan<- struct{}, matters func(syscall.NetlinkMessage) bool, family int, groups ...uint) error {
	socket, err := nl.Subscribe(family, groups...)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, socket.Close)
	go func() {
		defer close(told)
		for {
			messages, _, err := socket.Receive()
			// An overrun (ENOBUFS) also means that something changed.
			if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
				return
			}
			matter := err != nil
			for _, m := range messages {
				matter = matters(m) || matter
			}
			if !matter {
				continue
			}
			select {
			case told <- struct{}{}:
			default:
			}
		}
	}()
	return nil
}
