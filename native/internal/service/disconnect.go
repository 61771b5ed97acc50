package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// disconnectLimit is how long a running service may take to restore the host's settings.
const disconnectLimit = 10 * time.Second

// Release makes the running service end all sessions and turn lockdown off. It returns which of the two there was.
func Release(dir string) (disconnected, unlocked bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), disconnectLimit)
	defer cancel()
	client, err := control.Connect(ctx, dir)
	if err == nil && client == nil {
		err = failure.New(failure.ServiceNotRunning, msg.ServiceSilent())
	}
	if err != nil {
		return false, false, err
	}
	defer client.Leave()
	disconnected, err = client.Disconnect(ctx)
	now, failed := client.Lockdown(ctx)
	if failed == nil && (now.On || now.By != "") {
		_, failed = client.SetLockdown(ctx, false, nil)
		unlocked = failed == nil
	}
	return disconnected, unlocked, errors.Join(err, failed)
}

// Forget removes the saved sessions of a service that has ended, so that the next one resumes none.
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
