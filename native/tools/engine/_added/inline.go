package device

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// InlineByDefault is the scheduling of new devices, until SetInline changes it.
var InlineByDefault atomic.Bool

// SetInline selects the scheduling. With in-line scheduling, the goroutine that has packets for a peer also seals and sends
// them, and the UDP receiver also opens and delivers packets, so that no packet is passed between goroutines. Otherwise
// packets go through the queues. Call it only while the device is down.
func (device *Device) SetInline(on bool) { device.inline.Store(on) }

// Inline reports whether the device uses in-line scheduling.
func (device *Device) Inline() bool { return device.inline.Load() }

// inlinePeer is the per-peer state of in-line scheduling.
//
// The holder of sending also holds a read lock of device.net, and waits only for the socket. BindUpdate holds device.net
// while it waits for the receivers, and a receiver may wait for the TUN device, which may wait for its reader. To avoid a
// deadlock, neither receivers nor the TUN reader may wait for device.net.
type inlinePeer struct {
	// sending makes nonce, seal and send one step, so that packets leave in the order of their nonces.
	sending sync.Mutex
	// receiving makes replay filter and delivery one step, because a device has a receiver for each socket.
	receiving sync.Mutex
	// flushing is set while a goroutine waits for device.net to send the staged packets.
	flushing atomic.Bool
}

// lockSending returns false while the sockets are being replaced; staged packets are then sent afterwards.
func (peer *Peer) lockSending() bool {
	if !peer.device.net.TryRLock() {
		if peer.inline.flushing.CompareAndSwap(false, true) {
			go peer.flushAfterUpdate()
		}
		return false
	}
	peer.inline.sending.Lock()
	return true
}

func (peer *Peer) unlockSending() {
	peer.inline.sending.Unlock()
	peer.device.net.RUnlock()
}

func (peer *Peer) flushAfterUpdate() {
	peer.device.net.RLock()
	peer.device.net.RUnlock() //lint:ignore SA2001 the wait is all that is wanted
	peer.inline.flushing.Store(false)
	peer.SendStagedPackets()
}

// sendData is SendBuffers for a caller that may already hold the read lock of device.net.
func (peer *Peer) sendData(buffers [][]byte) error {
	if peer.device.inline.Load() {
		return peer.sendBuffersLocked(buffers)
	}
	return peer.SendBuffers(buffers)
}

// initiate starts a handshake for data packets, unless the last one is too recent.
func (peer *Peer) initiate() {
	if !peer.device.inline.Load() {
		peer.SendHandshakeInitiation(false)
		return
	}
	peer.handshake.mutex.RLock()
	recent := time.Since(peer.handshake.lastSentHandshake) < RekeyTimeout
	peer.handshake.mutex.RUnlock()
	if recent {
		peer.timers.handshakeAttempts.Store(0) // as SendHandshakeInitiation does
		return
	}
	go peer.SendHandshakeInitiation(false)
}

// inlineScratch is the scratch memory for sealing or opening one container.
type inlineScratch struct {
	zeros [PaddingMultiple]byte
	nonce [chacha20poly1305.NonceSize]byte
	bufs  [][]byte
}

var inlineScratches = sync.Pool{New: func() any { return new(inlineScratch) }}

func takeScratch(packets int) *inlineScratch {
	s := inlineScratches.Get().(*inlineScratch)
	if cap(s.bufs) < packets {
		s.bufs = make([][]byte, 0, packets)
	}
	return s
}

// giveBack clears the references to the packets, so that an unused slice does not keep their 64 KiB buffers alive.
func (s *inlineScratch) giveBack(packets int) {
	clear(s.bufs[:packets])
	inlineScratches.Put(s)
}

// sealAndSend seals and sends a container whose packets have their nonces. The caller has called lockSending.
func (peer *Peer) sealAndSend(container *QueueOutboundElementsContainer) {
	packets := len(container.elems)
	s := takeScratch(packets)
	peer.device.sealContainer(container, &s.zeros, &s.nonce)
	peer.sendContainer(container, s.bufs[:0])
	s.giveBack(packets)
}

// openAndDeliver opens and delivers a container that the socket has received and locked.
func (peer *Peer) openAndDeliver(container *QueueInboundElementsContainer) {
	packets := len(container.elems)
	s := takeScratch(packets)
	peer.device.openContainer(container, &s.nonce)
	peer.inline.receiving.Lock()
	if peer.isRunning.Load() {
		peer.deliverContainer(container, s.bufs[:0])
	} else {
		for _, elem := range container.elems {
			peer.device.PutMessageBuffer(elem.buffer)
			peer.device.PutInboundElement(elem)
		}
		peer.device.PutInboundElementsContainer(container)
	}
	peer.inline.receiving.Unlock()
	s.giveBack(packets)
}

// awaitInline waits until no goroutine seals or delivers packets of a stopped peer, as upstream's Stop waits for the peer's
// goroutines.
func (peer *Peer) awaitInline() {
	peer.inline.sending.Lock()
	peer.inline.sending.Unlock() //lint:ignore SA2001 a barrier
	peer.inline.receiving.Lock()
	peer.inline.receiving.Unlock() //lint:ignore SA2001 a barrier
}
