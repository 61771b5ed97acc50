// Package trust stores the intranets that administrators allow every user to connect the host to: URL of the cloud
// instance, enterprise code, and the pins of the instance's keys. Only root can read or write the list.
package trust

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sag.software/native/internal/msg"
)

const (
	fileName = "trusted"
	lockName = "trusted.lock"
	// maxFile bounds the size of the file, bytes; maxClouds and maxPins bound the list.
	maxFile, maxClouds, maxPins = 256 << 10, 64, 8
	httpsPort                   = "443"
)

// Cloud is one trusted intranet.
type Cloud struct {
	// URL is https://HOST:PORT in lower case; the port is always included.
	URL string
	// Code is the enterprise code, upper case.
	Code string
	// Pins are SHA-256 hashes of the cloud instance's accepted public keys; none = the system's certificate authorities are
	// used.
	Pins [][32]byte
}

// String returns CODE@HOST[:PORT], the form that people type.
func (c Cloud) String() string {
	host := strings.TrimSuffix(strings.TrimPrefix(c.URL, "https://"), ":"+httpsPort)
	return c.Code + "@" + host
}

// stored is one entry of the file.
type stored struct {
	URL  string   `json:"url"`
	Code string   `json:"code"`
	Pins []string `json:"pins"`
}

// Store is the list of trusted intranets in a directory of root's.
type Store struct{ Dir string }

var codePattern = regexp.MustCompile(`^[0-9A-Z]{5}$`)

// ErrInvalid means that a URL, an enterprise code or a pin is malformed.
var ErrInvalid = errors.New("not valid")

// New validates a trusted intranet. Pins are 64 hexadecimal digits each.
func New(cloudURL, code string, pins []string) (Cloud, error) {
	c := Cloud{URL: Canonical(cloudURL), Code: strings.ToUpper(code)}
	if c.URL == "" {
		return c, &msg.Error{Message: msg.TrustURLInvalid(cloudURL), Under: ErrInvalid}
	}
	if !codePattern.MatchString(c.Code) {
		return c, &msg.Error{Message: msg.TrustCodeInvalid(code), Under: ErrInvalid}
	}
	if len(pins) > maxPins {
		return c, &msg.Error{Message: msg.TrustTooManyPins(strconv.Itoa(maxPins)), Under: ErrInvalid}
	}
	for _, text := range pins {
		pin, err := hex.DecodeString(text)
		if err != nil || len(pin) != 32 {
			return c, &msg.Error{Message: msg.TrustPinInvalid(text), Under: ErrInvalid}
		}
		c.Pins = append(c.Pins, [32]byte(pin))
	}
	return c, nil
}

// Canonical returns https://HOST:PORT in lower case with the port; "" if the text is not such a URL. URLs of the same
// server have the same canonical form.
func Canonical(text string) string {
	u, err := url.Parse(text)
	if err != nil || !strings.EqualFold(u.Scheme, "https") || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Opaque != "" || (u.Path != "" && u.Path != "/") {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = httpsPort
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return ""
	}
	return "https://" + net.JoinHostPort(strings.ToLower(u.Hostname()), strconv.FormatUint(number, 10))
}

// Find returns the trusted intranet with a URL and a code; nil if it is not trusted. If the list cannot be read, no
// intranet is trusted.
func (s Store) Find(cloudURL, code string) (*Cloud, error) {
	all, err := s.List()
	where := Canonical(cloudURL)
	for _, c := range all {
		if where != "" && c.URL == where && c.Code == strings.ToUpper(code) {
			return &c, nil
		}
	}
	return nil, err
}

// At returns the pins of the cloud instance at a URL, whatever the code; ok is false if it is not trusted.
func (s Store) At(cloudURL string) (pins [][32]byte, ok bool, err error) {
	all, err := s.List()
	where := Canonical(cloudURL)
	for _, c := range all {
		if where != "" && c.URL == where {
			return c.Pins, true, nil
		}
	}
	return nil, false, err
}

// List returns all entries in the order in which they were added.
func (s Store) List() ([]Cloud, error) {
	file, err := os.Open(filepath.Join(s.Dir, fileName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	var rows []stored
	if len(text) > maxFile || json.Unmarshal(text, &rows) != nil {
		return nil, &msg.Error{Message: msg.TrustListDamaged(file.Name())}
	}
	var all []Cloud
	for _, row := range rows {
		c, err := New(row.URL, row.Code, row.Pins)
		if err != nil {
			return nil, &msg.Error{Message: msg.TrustListUnreadable(file.Name(), err.Error()), Under: err}
		}
		all = append(all, c)
	}
	return all, nil
}

// Add adds an intranet. The pins replace those of all entries with this URL, because one URL is one cloud instance.
func (s Store) Add(c Cloud) error {
	return s.change(func(all []Cloud) ([]Cloud, error) {
		known := false
		for i := range all {
			if all[i].URL == c.URL {
				all[i].Pins = c.Pins
				known = known || all[i].Code == c.Code
			}
		}
		if known {
			return all, nil
		}
		if len(all) >= maxClouds {
			return nil, &msg.Error{Message: msg.TrustListFull(strconv.Itoa(maxClouds)), Under: ErrInvalid}
		}
		return append(all, c), nil
	})
}

// Learn stores the pins that a trusted cloud instance announced on a connection that matched the former pins.
func (s Store) Learn(cloudURL string, pins [][32]byte) error {
	where := Canonical(cloudURL)
	pins = pins[:min(len(pins), maxPins)]
	now, ok, err := s.At(where)
	if err != nil || !ok || len(now) == 0 || len(pins) == 0 || slices.Equal(now, pins) {
		return err
	}
	return s.change(func(all []Cloud) ([]Cloud, error) {
		for i := range all {
			if all[i].URL == where && len(all[i].Pins) > 0 {
				all[i].Pins = pins
			}
		}
		return all, nil
	})
}

// Remove removes an intranet; it returns false if it was not trusted.
func (s Store) Remove(cloudURL, code string) (removed bool, err error) {
	where := Canonical(cloudURL)
	err = s.change(func(all []Cloud) ([]Cloud, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(c Cloud) bool { return c.URL == where && c.Code == strings.ToUpper(code) })
		removed = len(left) < len(all)
		return left, nil
	})
	return removed && err == nil, err
}

// change edits the list atomically, under a lock between processes.
func (s Store) change(edit func([]Cloud) ([]Cloud, error)) error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(s.Dir, lockName))
	if err != nil {
		return err
	}
	defer unlock()
	all, err := s.List()
	if err != nil {
		return err
	}
	if all, err = edit(all); err != nil {
		return err
	}
	rows := []stored{}
	for _, c := range all {
		row := stored{URL: c.URL, Code: c.Code, Pins: []string{}}
		for _, pin := range c.Pins {
			row.Pins = append(row.Pins, hex.EncodeToString(pin[:]))
		}
		rows = append(rows, row)
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return write(filepath.Join(s.Dir, fileName), append(text, '\n'))
}

// write replaces a file atomically and syncs it to disk.
func write(path string, text []byte) error {
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = os.Remove(path + ".new")
	}
	return err
}
