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
	// maxFile is the maximum size of the file, bytes.
	maxFile = 256 << 10
)

// By is who turned lockdown on.
type By string

const (
	// ByAdministrator takes precedence over any policy.
	ByAdministrator By = "administrator"
	// ByPolicy is an intranet's policy.
	ByPolicy By = "policy"
)

// Cloud is a cloud instance that stays reachable.
type Cloud struct {
	Host string `json:"host"`
	Port uint16 `json:"port"`
	// Addresses are the last known ones of the name, for when DNS does not answer.
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

// record is the state that is saved on disk.
type record struct {
	On bool `json:"on"`
	By By   `json:"by,omitempty"`
	// Wanted is the instance whose policy wants lockdown.
	Wanted string `json:"wanted,omitempty"`
	// Lifted means that an administrator has turned off what that policy wants. The policy has no effect until it is withdrawn.
	Lifted bool    `json:"lifted,omitempty"`
	Clouds []Cloud `json:"clouds,omitempty"`
	// Endpoints and Names are those of the last session's access points.
	Endpoints []permit.Endpoint `json:"endpoints,omitempty"`
	Names     []string          `json:"names,omitempty"`
}

// load reads the record. A record that cannot be read or parsed counts as lockdown, because only an administrator may turn it
// off.
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

// save writes the record atomically. It is on disk when save returns without an error.
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
	// Not every system can sync a directory, and those that cannot do not need it.
	_ = d.Sync()
	return d.Close()
}
