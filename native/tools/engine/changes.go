package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// change is one transformation of a file of the module.
type change struct {
	file string
	// what is changed and why; both are printed when the change no longer applies.
	what, why string
	make      func(*source) error
}

// handOvers are the channels through which upstream passes packets between goroutines, and how many sends there are.
// Another number means that upstream has a hand-over that these changes do not cover.
var handOvers = map[string]int{
	"peer.queue.outbound.c <-":          2, // packets; nil to stop
	"peer.queue.inbound.c <-":           2,
	"peer.device.queue.encryption.c <-": 1,
	"device.queue.decryption.c <-":      1,
	"device.queue.handshake.c <-":       1,
	"peer.queue.staged <-":              2,
}

var changes = []change{
	{
		file: "device/device.go",
		what: "Device has a scheduling, and NewDevice sets the default",
		why:  "the program chooses it at start, by CPU cores and mode",
		make: func(s *source) error {
			if err := s.field("Device", "inline atomic.Bool // see SetInline"); err != nil {
				return err
			}
			f, err := s.function("NewDevice")
			if err != nil {
				return err
			}
			made, err := s.statement(f, "device := new(Device)")
			if err != nil {
				return err
			}
			s.insert(made.End(), "\ndevice.inline.Store(InlineByDefault.Load())")
			return nil
		},
	},
	{
		file: "device/peer.go",
		what: "Peer has the locks of in-line scheduling, and Stop waits for their holders",
		why:  "after Stop nothing of the peer is sent or delivered, and its keys are cleared: upstream waits for two goroutines of the peer",
		make: func(s *source) error {
			if err := s.field("Peer", "inline inlinePeer"); err != nil {
				return err
			}
			f, err := s.function("Stop")
			if err != nil {
				return err
			}
			wait, err := s.statement(f, "peer.stopping.Wait()")
			if err != nil {
				return err
			}
			s.insert(wait.End(), "\npeer.awaitInline()")
			return nil
		},
	},
	{
		file: "device/peer.go",
		what: "sendBuffersLocked is SendBuffers without its lock",
		why:  "with in-line scheduling the sender of staged packets already holds the lock and must not wait for it: see inlinePeer",
		make: func(s *source) error {
			f, err := s.function("SendBuffers")
			if err != nil {
				return err
			}
			lock, err := s.statement(f, "peer.device.net.RLock()")
			if err != nil {
				return err
			}
			unlock, err := s.statement(f, "defer peer.device.net.RUnlock()")
			if err != nil {
				return err
			}
			if f.Body.List[0] != lock || f.Body.List[1] != unlock {
				return errors.New("SendBuffers does not begin with its lock")
			}
			s.insert(unlock.End(), "\nreturn peer.sendBuffersLocked(buffers)\n}\n\nfunc (peer *Peer) sendBuffersLocked(buffers [][]byte) error {")
			return nil
		},
	},
	{
		file: "device/send.go",
		what: "SendStagedPackets seals and sends, under a lock of the peer",
		why:  "a hand-over to a worker and one to the peer's sender cost more than the cipher; who sends staged packets differs (TUN reader, handshake, timers), so the lock keeps the order of nonces",
		make: func(s *source) error {
			f, err := s.function("SendStagedPackets")
			if err != nil {
				return err
			}
			s.insert(f.Body.Lbrace+1, `
inline := peer.device.inline.Load()
if inline {
	if !peer.lockSending() {
		return
	}
	defer peer.unlockSending()
}`)
			if err := s.restate(f, "peer.SendHandshakeInitiation(false)", "peer.initiate()"); err != nil {
				return err
			}
			return s.either(f, "inline", "peer.sealAndSend(elemsContainer)",
				"peer.queue.outbound.c <- elemsContainer", "peer.device.queue.encryption.c <- elemsContainer")
		},
	},
	{
		file: "device/send.go",
		what: "sealContainer is the body of RoutineEncryption's loop",
		why:  "both schedulings share the sealing code",
		make: func(s *source) error {
			return s.method("RoutineEncryption", "device.queue.encryption.c", 0, []string{"paddingZeros", "nonce"},
				"func (device *Device) sealContainer(elemsContainer *QueueOutboundElementsContainer, paddingZeros *[PaddingMultiple]byte, nonce *[chacha20poly1305.NonceSize]byte)",
				"device.sealContainer(elemsContainer, &paddingZeros, &nonce)")
		},
	},
	{
		file: "device/send.go",
		what: "sendContainer is the body of RoutineSequentialSender's loop",
		why:  "both schedulings share the code for sending, counters and timers",
		make: func(s *source) error {
			f, err := s.function("RoutineSequentialSender")
			if err != nil {
				return err
			}
			if err := s.restate(f, "err := peer.SendBuffers(bufs)", "err := peer.sendData(bufs)"); err != nil {
				return err
			}
			fresh, err := s.function("keepKeyFreshSending")
			if err != nil {
				return err
			}
			if err := s.restate(fresh, "peer.SendHandshakeInitiation(false)", "peer.initiate()"); err != nil {
				return err
			}
			// The first two statements stay: they reset the slice and end the loop.
			return s.method("RoutineSequentialSender", "peer.queue.outbound.c", 2, []string{"device", "bufs"},
				"func (peer *Peer) sendContainer(elemsContainer *QueueOutboundElementsContainer, bufs [][]byte)",
				"peer.sendContainer(elemsContainer, bufs)", "device := peer.device")
		},
	},
	{
		file: "device/receive.go",
		what: "RoutineReceiveIncoming decrypts and delivers",
		why:  "the hand-overs to a worker and to the peer's receiver cost more than the decryption",
		make: func(s *source) error {
			f, err := s.function("RoutineReceiveIncoming")
			if err != nil {
				return err
			}
			return s.either(f, "device.inline.Load()", "peer.openAndDeliver(elemsContainer)",
				"peer.queue.inbound.c <- elemsContainer", "device.queue.decryption.c <- elemsContainer")
		},
	},
	{
		file: "device/receive.go",
		what: "openContainer is the body of RoutineDecryption's loop",
		why:  "both schedulings share the decryption code",
		make: func(s *source) error {
			return s.method("RoutineDecryption", "device.queue.decryption.c", 0, []string{"nonce"},
				"func (device *Device) openContainer(elemsContainer *QueueInboundElementsContainer, nonce *[chacha20poly1305.NonceSize]byte)",
				"device.openContainer(elemsContainer, &nonce)")
		},
	},
	{
		file: "device/receive.go",
		what: "deliverContainer is the body of RoutineSequentialReceiver's loop",
		why:  "both schedulings share the code for checks, counters and delivery",
		make: func(s *source) error {
			fresh, err := s.function("keepKeyFreshReceiving")
			if err != nil {
				return err
			}
			if err := s.restate(fresh, "peer.SendHandshakeInitiation(false)", "peer.initiate()"); err != nil {
				return err
			}
			// The first statement stays: it ends the loop.
			return s.method("RoutineSequentialReceiver", "peer.queue.inbound.c", 1, []string{"device", "bufs"},
				"func (peer *Peer) deliverContainer(elemsContainer *QueueInboundElementsContainer, bufs [][]byte)",
				"peer.deliverContainer(elemsContainer, bufs)", "device := peer.device")
		},
	},
}

// field adds a field to a struct.
func (s *source) field(structure, field string) error {
	st, err := s.structure(structure)
	if err != nil {
		return err
	}
	s.insert(st.Fields.Opening+1, "\n"+field+"\n")
	return nil
}

// restate replaces a statement.
func (s *source) restate(root ast.Node, was, is string) error {
	statement, err := s.statement(root, was)
	if err != nil {
		return err
	}
	s.replace(statement.Pos(), statement.End(), is)
	return nil
}

// either moves two adjacent statements into the else branch of a condition.
func (s *source) either(root ast.Node, condition, then, first, second string) error {
	a, err := s.statement(root, first)
	if err != nil {
		return err
	}
	b, err := s.statement(root, second)
	if err != nil {
		return err
	}
	if strings.TrimSpace(s.text[s.offset(a.End()):s.offset(b.Pos())]) != "" {
		return fmt.Errorf("`%s` does not follow `%s`", second, first)
	}
	s.insert(a.Pos(), "if "+condition+" {\n"+then+"\n} else {\n")
	s.insert(b.End(), "\n}")
	return nil
}

// method moves the body of a routine's loop over a channel, without its first `skip` statements, into a method. The routine
// must declare exactly these variables before the loop; the loop's own variable is elemsContainer. prologue is inserted at
// the start of the method.
func (s *source) method(routine, channel string, skip int, variables []string, signature, call string, prologue ...string) error {
	f, err := s.function(routine)
	if err != nil {
		return err
	}
	loop, err := s.loopOver(f, channel)
	if err != nil {
		return err
	}
	if got := declared(f.Body.List); strings.Join(got, " ") != strings.Join(variables, " ") {
		return fmt.Errorf("%s declares %q, not %q", routine, got, variables)
	}
	if len(loop.List) <= skip {
		return fmt.Errorf("the loop of %s has %d statements", routine, len(loop.List))
	}
	for _, statement := range loop.List[skip:] {
		if _, is := statement.(*ast.ReturnStmt); is {
			return fmt.Errorf("the loop of %s ends the routine", routine)
		}
	}
	s.extract(loop.List[skip:], signature, call)
	if len(prologue) > 0 {
		last := &s.edits[len(s.edits)-1]
		last.text = strings.Replace(last.text, signature+" {\n", signature+" {\n"+strings.Join(prologue, "\n")+"\n", 1)
	}
	return nil
}

// declared returns the variables that statements declare, without those of nested blocks.
func declared(statements []ast.Stmt) []string {
	var names []string
	for _, statement := range statements {
		switch statement := statement.(type) {
		case *ast.AssignStmt:
			if statement.Tok != token.DEFINE {
				continue
			}
			for _, left := range statement.Lhs {
				if name, ok := left.(*ast.Ident); ok {
					names = append(names, name.Name)
				}
			}
		case *ast.DeclStmt:
			for _, spec := range statement.Decl.(*ast.GenDecl).Specs {
				if value, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range value.Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}
