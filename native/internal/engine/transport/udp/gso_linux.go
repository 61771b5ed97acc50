package udp

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"unsafe"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// A GSO batch is several datagrams (segments) of one size, of which the last may be shorter. They pass the kernel as one packet
// and are split as late as possible (UDP_SEGMENT, Linux 4.18), so that routing, firewall and queueing are done once.
// https://docs.kernel.org/networking/segmentation-offloads.html
const (
	// maxSegments is accepted by every kernel with GSO (UDP_MAX_SEGMENTS).
	maxSegments = 64
	// maxBatchBytes leaves room for the IP and UDP headers.
	maxBatchBytes = 65_535 - 40 - 8
)

// gsoVariable is an environment variable; "off" disables UDP_SEGMENT, for network cards whose driver splits batches wrongly.
const gsoVariable = "SAG_UDP_GSO"

func supportsGSO(udp *net.UDPConn) bool {
	raw, err := udp.SyscallConn()
	if err != nil || os.Getenv(gsoVariable) == "off" {
		return false
	}
	supported := false
	err = raw.Control(func(fd uintptr) {
		_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		supported = err == nil
	})
	return err == nil && supported
}

// refusal is why the kernel refused a GSO batch or, refusedByPath, a single datagram.
type refusal uint8

const (
	notRefused      refusal = iota
	refusedByPath           // it does not fit the path MTU
	refusedByDevice         // no checksum offload, or no GSO
)

// refusalOf converts an error of sendmmsg. Before Linux 6.14 a segment larger than the path MTU gives EINVAL.
func refusalOf(err error) refusal {
	switch {
	case errors.Is(err, unix.EMSGSIZE), errors.Is(err, unix.EINVAL):
		return refusedByPath
	case errors.Is(err, unix.EIO), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOPROTOOPT):
		return refusedByDevice
	}
	return notRefused
}

// coalesce fills messages with as many of the buffers as there is room for, and returns those that are filled. Buffers of fewer bytes
// than limit are put into GSO batches.
func coalesce(messages []ipv4.Message, buffers [][]byte, limit int) []ipv4.Message {
	filled := 0
	for ; filled < len(messages) && len(buffers) > 0; filled++ {
		segments := 1
		if len(buffers[0]) < limit {
			segments = segmentsOf(buffers)
		}
		m := &messages[filled]
		m.Buffers, m.OOB = append(m.Buffers[:0], buffers[:segments]...), m.OOB[:0]
		if segments > 1 {
			m.OOB = setSegmentSize(m.OOB, len(buffers[0]))
		}
		buffers = buffers[segments:]
	}
	return messages[:filled]
}

// segmentsOf returns how many of the buffers, starting with the first, can form a GSO batch.
func segmentsOf(buffers [][]byte) int {
	size, total := len(buffers[0]), len(buffers[0])
	for i, b := range buffers[1:] {
		segments := i + 1
		if total += len(b); size == 0 || len(b) == 0 || len(b) > size || total > maxBatchBytes || segments == maxSegments {
			return segments
		}
		if len(b) < size {
			return segments + 1
		}
	}
	return len(buffers)
}

// setSegmentSize writes the control message with the segment size.
func setSegmentSize(into []byte, size int) []byte {
	const value = 2
	space := unix.CmsgSpace(value)
	if cap(into) < space {
		into = make([]byte, space)
	}
	into = into[:space]
	header := (*unix.Cmsghdr)(unsafe.Pointer(&into[0]))
	header.Level, header.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	header.SetLen(unix.CmsgLen(value))
	binary.NativeEndian.PutUint16(into[unix.CmsgLen(0):], uint16(size))
	return into
}
