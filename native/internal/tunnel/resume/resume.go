// Package resume keeps what a restarted sag-tunnel needs to go on with its session: one small file of the user's own.
package resume

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"sag.software/native/internal/secret"
	"sag.software/native/internal/session"
)

// fileName within the intranet's runtime directory.
const fileName = "session"

// maxSize of the file, bytes.
const maxSize = 16 << 10

const version = 1

// Record is one wanted session.
type Record struct {
	IntranetID string
	Token      secret.Secret
	Cloud      session.Cloud
	// Socks and HTTP are the listeners' addresses, HOST:PORT.
	Socks, HTTP  string
	RefuseDirect bool
	// LeaseEnd is on the clock of this boot.
	LeaseEnd time.Duration
}

// stored is the file: its only place where the token is written out.
type stored struct {
	Version      int        `json:"version"`
	Boot         string     `json:"boot"`
	IntranetID   string     `json:"intranet"`
	Token        string     `json:"token"`
	CloudURL     string     `json:"cloudUrl"`
	Pins         [][32]byte `json:"pins"`
	Socks        string     `json:"socks"`
	HTTP         string     `json:"http"`
	RefuseDirect bool       `json:"refuseOutside"`
	LeaseEnd     int64      `json:"leaseEndNs"`
}

// Store is where the record of one intranet is kept.
type Store struct {
	// Dir is the intranet's own directory, which no other user can write.
	Dir string
	// Boot names this boot.
	Boot string
}

func (s Store) path() string { return filepath.Join(s.Dir, fileName) }

// Save replaces the record, at once or not at all.
func (s Store) Save(r Record) error {
	text, err := json.Marshal(stored{
		Version: version, Boot: s.Boot, IntranetID: r.IntranetID, Token: r.Token.Reveal(), CloudURL: r.Cloud.URL, Pins: r.Cloud.Pins,
		Socks: r.Socks, HTTP: r.HTTP, RefuseDirect: r.RefuseDirect, LeaseEnd: int64(r.LeaseEnd),
	})
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(s.Dir, ".session-*") // 0600, and never an existing file
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), s.path())
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// Remove forgets the record.
func (s Store) Remove() error {
	if err := os.Remove(s.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// ErrNone means that no session is wanted.
var ErrNone = errors.New("no session to resume")

// Load reads the record of an intranet. Whatever is not a whole record of this boot, this user and this intranet is
// removed, and the error says why.
func (s Store) Load(intranetID string) (Record, error) {
	r, err := s.load(intranetID)
	if err != nil && !errors.Is(err, ErrNone) {
		return Record{}, errors.Join(err, s.Remove())
	}
	return r, err
}

func (s Store) load(intranetID string) (Record, error) {
	file, err := openOwn(s.path())
	if errors.Is(err, os.ErrNotExist) {
		return Record{}, ErrNone
	}
	if err != nil {
		return Record{}, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return Record{}, err
	}
	if len(text) > maxSize {
		return Record{}, errors.New("the session file is too large")
	}
	var f stored
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil || decoder.More() {
		return Record{}, errors.New("the session file is damaged") // not its text: the token may be in it
	}
	switch {
	case f.Version != version:
		return Record{}, fmt.Errorf("the session file is of version %d", f.Version)
	case f.Boot != s.Boot || s.Boot == "":
		return Record{}, errors.New("the session file is of another boot")
	case f.IntranetID != intranetID:
		return Record{}, errors.New("the session file is of another intranet")
	case f.Token == "" || f.CloudURL == "" || f.LeaseEnd <= 0:
		return Record{}, errors.New("the session file is not whole")
	}
	return Record{
		IntranetID: f.IntranetID, Token: secret.Secret(f.Token), Cloud: session.Cloud{URL: f.CloudURL, Pins: f.Pins},
		Socks: f.Socks, HTTP: f.HTTP, RefuseDirect: f.RefuseDirect, LeaseEnd: time.Duration(f.LeaseEnd),
	}, nil
}
