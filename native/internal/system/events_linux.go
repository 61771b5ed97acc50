package system

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/system/guard"
)

// subscribeRules tells of every rule that comes or goes.
func subscribeRules(ctx context.Context, told chan<- struct{}) error {
	return subscribe(ctx, told, nil, unix.NETLINK_ROUTE, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE)
}

// subscribeGuard tells of every change to our table, also of its end.
func subscribeGuard(ctx context.Context, told chan<- struct{}) error {
	ours := func(m syscall.NetlinkMessage) bool { return bytes.Contains(m.Data, []byte(guard.TableName+"\x00")) }
	return subscribe(ctx, told, ours, unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
}

// subscribe tells of messages to groups of the kernel's; of all, or of those that matter.
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
			if err != nil && !errors.Is(err, unix.ENOBUFS) {
				return
			}
			if err == nil && matters != nil && !slices.ContainsFunc(messages, matters) {
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
