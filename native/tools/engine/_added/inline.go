package device

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// InlineByDefault is the scheduling of the devices that NewDevice makes from now on, until SetInline says otherwise.
var InlineByDefault atomic.Bool

// SetInline chooses the scheduling. In-line, whoever has packets for a peer seals and sends them, and the UDP receiver opens
// packets and delivers them: no packet is handed from one goroutine to another. Otherwise packets go through the queues. It is
// to be called while the device is down.
func (device *Device) SetInline(on bool) { device.inline.Store(on) }

// Inline tells which scheduling the device has.
func (device *Device) Inline() bool { return device.inline.Load() }

// inlinePeer is what in-line scheduling needs of a peer.
//
// Who holds sending holds a read lock of device.net, and waits for nothing but the socket. BindUpdate waits for the receivers while
// it holds device.net, and a receiver may wait for the TUN device, which may wait for its reader: so neither of them may ever wait
// for device.net.
type inlinePeer struct {
	// sending makes nonce, seal and send one step, so that packets leave in the order of their nonces.
	sending sync.Mutex
	// receiving makes replay filter and delivery one step: a device has a receiver for each socket.
	receiving sync.Mutex
	// flushing: somebody waits for device.net to send what is staged.
	flushing atomic.Bool
}

// lockSending is false while the sockets are being replaced. What is staged is sent afterwards then.
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

// sendData is SendBuffers for who may hold the lock of device.net already.
func (peer *Peer) sendData(buffers [][]byte) error {
	if peer.device.inline.Load() {
		return peer.sendBuffersLocked(buffers)
	}
	return peer.SendBuffers(buffers)
}

// initiate starts a handshake that data asks for, unless the last one is too recent.
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

// inlineScratch is what sealing or opening one container takes besides its packets.
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

// giveBack forgets the packets: a slice that is not in use must not keep their 64 KiB buffers alive.
func (s *inlineScratch) giveBack(packets int) {
	clear(s.bufs[:packets])
	inlineScratches.Put(s)
}

// sealAndSend takes a container whose packets have their nonces. The caller has called lockSending.
func (peer *Peer) sealAndSend(container *QueueOutboundElementsContainer) {
	packets := len(container.elems)
	s := takeScratch(packets)
	peer.device.sealContainer(container, &s.zeros, &s.nonce)
	peer.sendContainer(container, s.bufs[:0])
	s.giveBack(packets)
}

// openAndDeliver takes a container that the socket delivered, locked.
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

// awaitInline returns when nobody seals or delivers packets of a peer that runs no more. Upstream's Stop waits for the peer's
// goroutines in the same way.
func (peer *Peer) awaitInline() {
	peer.inline.sending.Lock()
	peer.inline.sending.Unlock() //lint:ignore SA2001 a barrier
	peer.inline.receiving.Lock()
	peer.inline.receiving.Unlock() //lint:ignore SA2001 a barrier
}
