package isolate

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// SendFile passes an open file to the other end of a Unix socket.
func SendFile(conn *net.UnixConn, file *os.File) error {
	_, _, err := conn.WriteMsgUnix([]byte{0}, unix.UnixRights(int(file.Fd())), nil)
	return err
}

// ErrNoFile means that the other end sent a message instead of a file.
var ErrNoFile = errors.New("received no file descriptor")

// ReceiveFile receives a file, ready for non-blocking reads. If a message comes instead, it returns the message and
// ErrNoFile.
func ReceiveFile(conn *net.UnixConn, name string) (file *os.File, message []byte, err error) {
	buffer, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	n, size, _, _, err := conn.ReadMsgUnix(buffer, rights)
	if err != nil {
		return nil, nil, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:size])
	if err != nil || len(messages) != 1 {
		return nil, buffer[:n], ErrNoFile
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, buffer[:n], ErrNoFile
	}
	unix.CloseOnExec(fds[0])
	if err := unix.SetNonblock(fds[0], true); err != nil {
		_ = unix.Close(fds[0])
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), name), nil, nil
}
