package control

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/person"
)

const (
	// rootLimit, personLimit and sharedLimit are the numbers of concurrent connections of root, of one user including all
	// subordinate ids, and of all users except root. Root's connections do not count towards sharedLimit.
	rootLimit   = 64
	personLimit = 32
	sharedLimit = 256
	// refusalsLogged is how many refused connections of one user are logged within refusalsWithin, so that a user cannot fill the
	// log.
	refusalsLogged = 3
	refusalsWithin = time.Minute
)

// perUserLimiter shares the connection slots among users. A connection beyond a user's limit is answered with an error and closed
// at once. When all slots are in use, the user with the most connections loses the oldest one to a user with fewer.
type perUserLimiter struct {
	net.Listener
	logger *slog.Logger

	mu     sync.Mutex
	open   map[uint32][]*counted // by person, oldest first
	shared int
	logged map[uint32]refusals
}

type refusals struct {
	since time.Time
	count int
}

func newPerUserLimiter(l net.Listener, logger *slog.Logger) *perUserLimiter {
	return &perUserLimiter{Listener: l, logger: logger, open: map[uint32][]*counted{}, logged: map[uint32]refusals{}}
}

// acceptPause is the pause after a failed accept, which may keep failing, for example for lack of file descriptors.
const acceptPause = 50 * time.Millisecond

// acceptRetrying accepts the next connection and retries temporary errors such as lack of memory: http.Server.Serve returns on
// most errors. It fails only when the listener is closed.
func acceptRetrying(l net.Listener) (net.Conn, error) {
	for {
		conn, err := l.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return conn, err
		}
		time.Sleep(acceptPause)
	}
}

// Accept returns the next connection that gets a slot.
func (l *perUserLimiter) Accept() (net.Conn, error) {
	for {
		conn, err := acceptRetrying(l.Listener)
		if err != nil {
			return nil, err
		}
		uid, err := callerOf(conn)
		if err != nil {
			refuse(conn)
			continue
		}
		user := person.Of(uid)
		entered, displaced := l.enter(user, conn)
		if displaced != nil {
			_ = displaced.Close()
		}
		if entered != nil {
			return entered, nil
		}
		if l.mayLog(user, time.Now()) {
			l.logger.Warn("a connection was refused: too many of this user at a time", "uid", uid, "user", user)
		}
		refuse(conn)
	}
}

// enter takes a slot for a connection. entered is nil if there is none; displaced is a connection that lost its slot to the new
// one.
func (l *perUserLimiter) enter(person uint32, conn net.Conn) (entered, displaced *counted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.open[person]
	if person == 0 {
		if len(own) >= rootLimit {
			return nil, nil
		}
	} else {
		if len(own) >= personLimit {
			return nil, nil
		}
		if l.shared >= sharedLimit {
			most := l.heaviest()
			if len(l.open[most]) <= len(own)+1 {
				return nil, nil
			}
			displaced = l.open[most][0]
			l.remove(most, displaced)
		}
		l.shared++
	}
	entered = &counted{Conn: conn}
	entered.release = sync.OnceFunc(func() { l.leave(person, entered) })
	l.open[person] = append(l.open[person], entered)
	return entered, displaced
}

// heaviest returns the user, other than root, with the most connections. The caller holds the lock.
func (l *perUserLimiter) heaviest() (person uint32) {
	most := 0
	for one, list := range l.open {
		if one != 0 && len(list) > most {
			person, most = one, len(list)
		}
	}
	return person
}

func (l *perUserLimiter) leave(person uint32, conn *counted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(person, conn)
}

// remove frees a connection's slot, if it still has one. The caller holds the lock.
func (l *perUserLimiter) remove(person uint32, conn *counted) {
	list := l.open[person]
	for i, one := range list {
		if one != conn {
			continue
		}
		if list = append(list[:i:i], list[i+1:]...); len(list) == 0 {
			delete(l.open, person)
		} else {
			l.open[person] = list
		}
		if person != 0 {
			l.shared--
		}
		return
	}
}

// mayLog is false once a user has had refusalsLogged refusals within refusalsWithin.
func (l *perUserLimiter) mayLog(person uint32, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for one, r := range l.logged {
		if now.Sub(r.since) > refusalsWithin {
			delete(l.logged, one)
		}
	}
	r := l.logged[person]
	if r.count == 0 {
		r.since = now
	}
	r.count++
	l.logged[person] = r
	return r.count <= refusalsLogged
}

// refuse writes a Connect error with status 429 without reading a request, and closes the connection.
func refuse(conn net.Conn) {
	refusal := wire.Connect(failure.New(failure.TooManyAttempts, msg.CallerConnections()))
	body := fmt.Sprintf(`{"code":%q,"message":%q}`, refusal.Code(), refusal.Message())
	_ = conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	_ = conn.Close()
}
