package control

import "golang.org/x/sys/unix"

func peerUID(fd int) (uint32, error) {
	credentials, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return noUID, err
	}
	return credentials.Uid, nil
}
