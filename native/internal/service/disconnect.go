package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/control"
)

// disconnectLimit is how long a running service may take to give the machine back.
const disconnectLimit = 10 * time.Second

// Disconnect has the running service end its session, whoever it belongs to. False if it had none.
func Disconnect(dir string) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), disconnectLimit)
	defer cancel()
	client, leave := control.Dial(dir)
	defer leave()
	states, err := client.GetStates(ctx, connect.NewRequest(&tunnelv1.GetStatesRequest{}))
	if err != nil {
		return false, err
	}
	for _, state := range states.Msg.GetStates() {
		if _, err := client.Stop(ctx, connect.NewRequest(&tunnelv1.StopRequest{IntranetId: state.GetIntranetId()})); err != nil {
			return false, err
		}
	}
	return len(states.Msg.GetStates()) > 0, nil
}

// Unlock has the running service lift lockdown. False if there was none.
func Unlock(dir string) (bool, error) {
	client, leave := control.Dial(dir)
	defer leave()
	ctx, cancel := context.WithTimeout(context.Background(), disconnectLimit)
	defer cancel()
	now, err := client.GetLockdown(ctx, connect.NewRequest(&tunnelv1.GetLockdownRequest{}))
	if err != nil || !now.Msg.GetLockdown().GetOn() && now.Msg.GetLockdown().GetBy() == tunnelv1.LockdownBy_LOCKDOWN_BY_UNSPECIFIED {
		return false, err
	}
	_, err = client.SetLockdown(ctx, connect.NewRequest(&tunnelv1.SetLockdownRequest{}))
	return err == nil, err
}

// Forget drops what a service that is no more had wanted: the next one starts with nothing.
func Forget(dir string) error {
	sessions, err := filepath.Glob(filepath.Join(dir, "*", "session"))
	for _, path := range sessions {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(path)))
	}
	if err := os.Remove(filepath.Join(dir, BlockingFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return err
}
