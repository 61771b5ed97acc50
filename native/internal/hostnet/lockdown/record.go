package lockdown

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"sag.software/native/internal/hostnet/permit"
)

const (
	fileName = "lockdown"
	// maxFile bounds what is read, bytes.
	maxFile = 256 << 10
)

// By is who wants lockdown.
type By string

const (
	// ByAdministrator goes before any policy.
	ByAdministrator By = "administrator"
	// ByPolicy is an intranet's.
	ByPolicy By = "policy"
)

// Cloud is a cloud instance that has to be dialled all the same.
type Cloud struct {
	Host string `json:"host"`
	Port uint16 `json:"port"`
	// Addresses are the last ones that its name had: they are used where DNS does not answer.
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

// record is what outlives a restart of the host.
type record struct {
	On bool `json:"on"`
	By By   `json:"by,omitempty"`
	// Wanted is the instance whose policy wants it.
	Wanted string `json:"wanted,omitempty"`
	// Lifted: an administrator has lifted what that policy wants; it has to be withdrawn before it counts again.
	Lifted bool    `json:"lifted,omitempty"`
	Clouds []Cloud `json:"clouds,omitempty"`
	// Endpoints and Names are the access points' of the last session.
	Endpoints []permit.Endpoint `json:"endpoints,omitempty"`
	Names     []string          `json:"names,omitempty"`
}

// load reads the record. A record that cannot be read or parsed counts as lockdown: only an administrator may lift it, and no
// damage.
func load(dir string) (r record) {
	text, err := os.ReadFile(filepath.Join(dir, fileName))
	if errors.Is(err, os.ErrNotExist) {
		return record{}
	}
	if err != nil || len(text) > maxFile || json.Unmarshal(text, &r) != nil {
		return record{On: true, By: ByAdministrator}
	}
	return r
}

// save has the record on disk, whole, when it answers.
func (r record) save(dir string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("lockdown: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("lockdown: %w", err)
	}
	path := filepath.Join(dir, fileName)
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("lockdown: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("lockdown: %w", errors.Join(err, os.Remove(path+".new")))
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	// Not to be had on every system, and then not needed.
	_ = d.Sync()
	return d.Close()
}
