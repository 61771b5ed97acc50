// Package state is the access point's state directory: its key, identity and port, which the cloud cannot restore.
package state

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sag.software/native/internal/engine"
)

// ErrInUse means that another process has locked the directory.
var ErrInUse = errors.New("the state directory is in use by another process")

// ErrDamaged means that a file in the directory has other content than this package writes.
var ErrDamaged = errors.New("is damaged")

const (
	keyFile      = "wireguard.key"
	identityFile = "identity.json"
	portFile     = "port"
	lockFile     = "lock"
)

// Directory is an opened and locked state directory.
type Directory struct {
	path string
	lock *os.File
}

// Identity is the access point's identity at its cloud instance.
type Identity struct {
	AccessPointID string `json:"accessPointId"`
	// Token authenticates the access point. It does not expire.
	Token string `json:"token"`
}

// Open makes the directory if it is missing, checks that no other user can read it, and locks it.
func Open(path string) (*Directory, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	if err := checkPrivate(path); err != nil {
		return nil, err
	}
	lock, err := lockExclusively(filepath.Join(path, lockFile))
	if err != nil {
		return nil, err
	}
	return &Directory{path: path, lock: lock}, nil
}

// Close releases the lock.
func (d *Directory) Close() error { return d.lock.Close() }

// Key returns the WireGuard key. The first call creates it.
func (d *Directory) Key() (engine.PrivateKey, error) {
	text, err := d.read(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := engine.NewPrivateKey()
		if err != nil {
			return key, err
		}
		return key, d.write(keyFile, base64.StdEncoding.EncodeToString(key[:])+"\n")
	}
	if err != nil {
		return engine.PrivateKey{}, err
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != len(engine.PrivateKey{}) {
		return engine.PrivateKey{}, fmt.Errorf("%s %w", filepath.Join(d.path, keyFile), ErrDamaged)
	}
	return engine.PrivateKey(b), nil
}

// Identity returns the saved identity; ok is false if there is none.
func (d *Directory) Identity() (identity Identity, ok bool, err error) {
	text, err := d.read(identityFile)
	if errors.Is(err, fs.ErrNotExist) {
		return identity, false, nil
	}
	if err != nil {
		return identity, false, err
	}
	if err := json.Unmarshal([]byte(text), &identity); err != nil || identity.Token == "" || identity.AccessPointID == "" {
		return Identity{}, false, fmt.Errorf("%s %w", filepath.Join(d.path, identityFile), ErrDamaged)
	}
	return identity, true, nil
}

// SaveIdentity stores the identity for later starts.
func (d *Directory) SaveIdentity(identity Identity) error {
	text, err := json.Marshal(identity)
	if err != nil {
		return err
	}
	return d.write(identityFile, string(text)+"\n")
}

// Port is the UDP port of the last start; 0 = none yet.
func (d *Directory) Port() uint16 {
	text, err := d.read(portFile)
	if err != nil {
		return 0
	}
	port, _ := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	return uint16(port)
}

// SavePort stores the port for the next start, so that clients find the access point again.
func (d *Directory) SavePort(port uint16) error {
	return d.write(portFile, strconv.Itoa(int(port))+"\n")
}

func (d *Directory) read(name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(d.path, name))
	return string(b), err
}

// write replaces a file atomically.
func (d *Directory) write(name, content string) error {
	temporary, err := os.CreateTemp(d.path, name+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.WriteString(content)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), filepath.Join(d.path, name)); err != nil {
		return err
	}
	return syncDirectory(d.path)
}
