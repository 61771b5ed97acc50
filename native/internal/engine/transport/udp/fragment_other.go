//go:build !linux

package udp

// CanForbidFragments is false where nothing keeps a large datagram from arriving in fragments.
const CanForbidFragments = false
