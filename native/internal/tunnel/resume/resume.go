// Package resume stores what a restarted sag-tunnel needs to continue its session, in one small file that only the user can
// read.
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

// fileName is relative to the intranet's runtime directory.
const fileName = "session"

// maxSize is the largest accepted file, bytes.
const maxSize = 16 << 10

const version = 1

// Record describes one session that is wanted.
type Record struct {
	IntranetID string
	Token      secret.Secret
	Cloud      session.Cloud
	// Socks and HTTP are the listeners' addresses, HOST:PORT.
	Socks, HTTP  string
	RefuseDirect bool
	// LeaseEnd is a time on the clock of the current boot.
	LeaseEnd time.Duration
}

// stored is the file format. The token is written out nowhere else.
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

// Store is the place of one intranet's record.
type Store struct {
	// Dir is the intranet's runtime directory, which no other user can write.
	Dir string
	// Boot identifies the current boot; records of another boot are not resumed.
	Boot string
}

func (s Store) path() string { return filepath.Join(s.Dir, fileName) }

// Save replaces the record atomically.
func (s Store) Save(r Record) error {
	text, err := json.Marshal(stored{
		Version: version, Boot: s.Boot, IntranetID: r.IntranetID, Token: r.Token.Reveal(), CloudURL: r.Cloud.URL, Pins: r.Cloud.Pins,
		Socks: r.Socks, HTTP: r.HTTP, RefuseDirect: r.RefuseDirect, LeaseEnd: int64(r.LeaseEnd),
	})
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(s.Dir, ".session-*") // mode 0600, and always a new file
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

// Remove deletes the record, if there is one.
func (s Store) Remove() error {
	if err := os.Remove(s.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// ErrNone means that there is no session to resume.
var ErrNone = errors.New("no session to resume")

// Load reads the record of an intranet. It removes a file that is damaged or belongs to another boot, user or intranet, and
// returns why.
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
		return Record{}, errors.New("the session file is damaged") // without the decoder's error, which could quote the token
	}
	switch {
	case f.Version != version:
		return Record{}, fmt.Errorf("the session file has version %d", f.Version)
	case f.Boot != s.Boot || s.Boot == "":
		return Record{}, errors.New("the session file is from another boot")
	case f.IntranetID != intranetID:
		return Record{}, errors.New("the session file is for another intranet")
	case f.Token == "" || f.CloudURL == "" || f.LeaseEnd <= 0:
		return Record{}, errors.New("the session file is incomplete")
	}
	return Record{
		IntranetID: f.IntranetID, Token: secret.Secret(f.Token), Cloud: session.Cloud{URL: f.CloudURL, Pins: f.Pins},
		Socks: f.Socks, HTTP: f.HTTP, RefuseDirect: f.RefuseDirect, LeaseEnd: time.Duration(f.LeaseEnd),
	}, nil
}
