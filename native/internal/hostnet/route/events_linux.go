package route

import (
	"context"
	"errors"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// watch calls changed for every change to links, addresses, routes and rules. see is called with each message before.
func (m *linux) watch(ctx context.Context, changed func(), see func(syscall.NetlinkMessage)) error {
	all := func(m syscall.NetlinkMessage) bool { see(m); return true }
	return Subscribe(ctx, changed, all, unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
		unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE)
}

// Subscribe subscribes to netlink multicast groups, and calls changed if matters is true for one of the messages received.
func Subscribe(ctx context.Context, changed func(), matters func(syscall.NetlinkMessage) bool, family int, groups ...uint) error {
	socket, err := nl.Subscribe(family, groups...)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, socket.Close)
	go func() {
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
			changed()
		}
	}()
	return nil
}
