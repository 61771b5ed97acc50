package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/isolate"
	"sag.software/native/internal/msg"
)

// initVerb is the internal subcommand that isolateCommand starts.
const initVerb = "isolate-init"

// pairFD is the socket to isolateCommand.
const pairFD = 3

// daemons resolve names over Unix sockets, which a network namespace does not isolate: their queries would bypass the
// tunnel.
var daemons = []string{"/run/systemd/resolve", "/run/nscd", "/run/avahi-daemon"}

// isolateInit prepares the namespace that it runs in and then executes the command.
func isolateInit(args []string) int {
	runtime.LockOSThread() // capabilities belong to a thread
	if len(args) < 2 {
		return 2
	}
	unix.CloseOnExec(pairFD)
	pair := os.NewFile(pairFD, "pair")
	err := become(pair, args[0], args[1:])
	_ = json.NewEncoder(pair).Encode(reportOf(err))
	return 1
}

// become returns only on failure.
func become(pair *os.File, names string, command []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return failure.New(failure.NotFound, msg.IsolateNoProgram(command[0]))
	}
	device, err := makeNetwork()
	if err != nil {
		return noNamespace(err)
	}
	if err := cutOffNames(names); err != nil {
		return noNamespace(err)
	}
	conn, err := net.FileConn(pair)
	if err != nil {
		return err
	}
	if err := isolate.SendFile(conn.(*net.UnixConn), device); err != nil {
		return err
	}
	if n, err := conn.Read(make([]byte, 1)); err != nil || n == 0 {
		return errors.New("the tunnel did not accept the network")
	}
	_, _ = conn.Close(), device.Close()
	if err := errors.Join(dropPrivileges(), closeOthers()); err != nil {
		return err
	}
	err = unix.Exec(path, command, os.Environ())
	return failure.New(failure.NotPermitted, msg.IsolateNotRun(command[0], err.Error()))
}

// dropPrivileges drops all capabilities of this thread, and keeps programs from regaining any through setuid bits or file
// capabilities. Such programs do not work in a namespace with one user anyway. The bounding set is kept: ping(8) could not
// be executed without the capability that its file has, and a new user namespace has a full set anyway
// (user_namespaces(7)).
func dropPrivileges() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	// Without the inheritable set the ambient set is empty, too (capabilities(7)).
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}

// closeOthers sets close-on-exec on every descriptor but standard input, output and error: an inherited connected socket
// would bypass the tunnel.
func closeOthers() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, one := range open {
		if fd, err := strconv.Atoi(one.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// makeNetwork creates the only interface beside loopback, and its routes.
func makeNetwork() (*os.File, error) {
	const name = "sag0"
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	device := os.NewFile(uintptr(fd), name)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return nil, fmt.Errorf("a TUN device: %w", err)
	}
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, err
	}
	link, err := netlink.LinkByName(name)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(netlink.LinkSetUp(loopback), netlink.LinkSetMTU(link, isolate.MTU), netlink.LinkSetUp(link)); err != nil {
		return nil, err
	}
	if err := route(link, isolate.Own4, "0.0.0.0/0"); err != nil {
		return nil, err
	}
	_ = route(link, isolate.Own6, "::/0") // fails if the host has no IPv6, and then commands do not need it
	// This lets ping(8) work without capabilities (icmp(7)).
	group := os.Getgid()
	_ = os.WriteFile("/proc/sys/net/ipv4/ping_group_range", fmt.Appendf(nil, "%d %d", group, group), 0)
	return device, nil
}

func route(link netlink.Link, own netip.Prefix, to string) error {
	_, everything, err := net.ParseCIDR(to)
	if err != nil {
		return err
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: own.Addr().AsSlice(), Mask: net.CIDRMask(own.Bits(), own.Addr().BitLen())}}
	if own.Addr().Is6() {
		address.Flags = unix.IFA_F_NODAD
	}
	return errors.Join(netlink.AddrAdd(link, address), netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: everything}))
}

// cutOffNames makes the tunnel the only way to resolve names.
func cutOffNames(names string) error {
	text, err := os.ReadFile(names)
	if err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	configured, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if err != nil {
		return fmt.Errorf("no /etc/resolv.conf to replace: %w", err)
	}
	covered := false
	for _, dir := range daemons {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		if err := unix.Mount("none", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64k,mode=755"); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if strings.HasPrefix(configured, dir+"/") {
			covered = true
			if err := os.WriteFile(configured, text, 0o644); err != nil {
				return err
			}
		}
	}
	if covered {
		return nil
	}
	if err := unix.Mount(names, configured, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("%s: %w", configured, err)
	}
	return nil
}
