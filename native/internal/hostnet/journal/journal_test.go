package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/route"
)

type entry = Entry[hostnet.Change]

func change(i int) hostnet.Change {
	return hostnet.Change{Kind: hostnet.ChangeRoute, Route: &route.Route{
		Scope: route.Tunnel, Destination: netip.MustParsePrefix("10.0.0.0/8"), Kind: route.Bypass, Metric: uint32(i),
	}}
}

func entries(numbers ...int) []entry {
	var all []entry
	for _, i := range numbers {
		all = append(all, entry{Boot: "b", Change: change(i)})
	}
	return all
}

func open(t testing.TB, dir string) *Journal[hostnet.Change] {
	t.Helper()
	j, err := Open[hostnet.Change](dir)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestAppendedEntriesAreReadAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	if err := errors.Join(j.Append(entries(1, 2, 3)), j.Forget([]hostnet.Change{change(2)}), j.Append(entries(4)), j.Close()); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	defer j.Close()
	if !reflect.DeepEqual(j.Entries(), entries(1, 3, 4)) || j.Torn() {
		t.Fatalf("%v", j.Entries())
	}
	if err := j.Forget([]hostnet.Change{change(1), change(3), change(4)}); err != nil || j.Size() != 0 {
		t.Fatalf("%d bytes left, %v", j.Size(), err)
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || info.Size() != 0 || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Fatalf("the directory's mode is %v", info.Mode())
	}
}

// If the file is truncated anywhere, the records before that are read, the rest is discarded, and new ones can be appended.
func TestCutAtEveryByte(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	var ends []int64
	for i := range 4 {
		if err := j.Append(entries(i)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, j.Size())
	}
	_ = j.Close()
	path := filepath.Join(dir, fileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		var want []entry
		clean := cut == 0
		for i, end := range ends {
			if int64(cut) >= end {
				want = append(want, entries(i)...)
			}
			clean = clean || int64(cut) == end
		}
		j := open(t, dir)
		if !reflect.DeepEqual(j.Entries(), want) || j.Torn() == clean {
			t.Fatalf("cut at %d: %v, torn %v", cut, j.Entries(), j.Torn())
		}
		if err := errors.Join(j.Append(entries(9)), j.Close()); err != nil {
			t.Fatal(err)
		}
		if again, _ := os.ReadFile(path); true {
			if got, n := Decode[hostnet.Change](again); n != len(again) || !reflect.DeepEqual(got, append(want, entries(9)...)) {
				t.Fatalf("cut at %d and written on: %v", cut, got)
			}
		}
	}
}

func TestDamagedRecordsAreIgnored(t *testing.T) {
	good, err := encode(record[hostnet.Change]{Do: entries(1)})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		bytes := append([]byte(nil), good...)
		at := rapid.IntRange(0, len(bytes)-1).Draw(t, "at")
		bytes[at] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
		if got, n := Decode[hostnet.Change](append(bytes, good...)); n != 0 || got != nil {
			t.Fatalf("bit turned at %d, still read %v", at, got)
		}
	})
}

func TestJournalIsLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	if _, err := Open[hostnet.Change](dir); !errors.Is(err, ErrLocked) {
		t.Fatal(err)
	}
	_ = j.Close()
	_ = open(t, dir).Close()
}

func TestSymbolicLinksAreRefused(t *testing.T) {
	base := t.TempDir()
	if err := os.Symlink(base, filepath.Join(base, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open[hostnet.Change](filepath.Join(base, "link")); err == nil {
		t.Fatal("a symbolic link to a directory was accepted")
	}
	dir := filepath.Join(base, "journal")
	_ = os.Mkdir(dir, 0o700)
	_ = os.Symlink("/dev/null", filepath.Join(dir, fileName))
	if _, err := Open[hostnet.Change](dir); err == nil {
		t.Fatal("a symbolic link to a file was accepted")
	}
}

// A long connection whose routes change often must not fill the disk.
func TestForgetCompactsTheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	if err := j.Append(entries(0)); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 1300; i++ {
		if err := errors.Join(j.Append(entries(i)), j.Forget([]hostnet.Change{change(i)})); err != nil {
			t.Fatal(err)
		}
		if j.Size() > compactAbove+4096 {
			t.Fatalf("%d bytes after %d changes", j.Size(), i)
		}
	}
	_ = j.Close()
	j = open(t, dir)
	defer j.Close()
	if !reflect.DeepEqual(j.Entries(), entries(0)) {
		t.Fatal(fmt.Sprint(j.Entries()))
	}
	if _, err := Open[hostnet.Change](dir); !errors.Is(err, ErrLocked) {
		t.Fatal("the lock was lost over a rewriting")
	}
}

func FuzzDecode(f *testing.F) {
	good, _ := encode(record[hostnet.Change]{Do: entries(1), Undone: []string{"x"}})
	f.Add(good)
	f.Add(append(good, good[:9]...))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if _, n := Decode[hostnet.Change](bytes); n > len(bytes) {
			t.Fatal(n)
		}
	})
}

// A process that opened the file before it was replaced gets the lock of the current file, or none.
func TestReplacedJournalIsLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := Open[hostnet.Change](dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	stop := make(chan struct{})
	slipped := make(chan error, 1)
	go func() {
		defer close(slipped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			other, err := Open[hostnet.Change](dir)
			if err == nil {
				_ = other.Close()
				slipped <- errors.New("a second one has the journal")
				return
			}
			if !errors.Is(err, ErrLocked) {
				slipped <- err
				return
			}
		}
	}()
	times := 100
	if os.Getenv("SAG_SOAK") != "" {
		times = 2000
	}
	for range times {
		if err := j.compact(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-slipped; err != nil {
		t.Fatal(err)
	}
}

// A journal of an earlier version contains kinds that this version does not have. Those changes are found by their marks; DNS
// settings in files are still read from the journal.
func TestJournalOfAnEarlierVersion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	body := `{"do":[{"boot":"b","change":{"kind":"guard","guard":{"link":"sag0","mark":1397162240}}},` +
		`{"boot":"b","change":{"kind":"rule","rule":{"priority":5200,"ipv6":false,"mark":1397162240,"not":true,"table":21319}}},` +
		`{"boot":"b","change":{"kind":"route","route":{"table":21319,"destination":"10.0.0.0/8","kind":"via","link":"sag0","metric":100}}},` +
		`{"boot":"b","change":{"kind":"names","names":{"backend":"file","link":"sag0","path":"/etc/resolv.conf","resolver":"127.83.71.53"}}}]}`
	bytes := append([]byte(magic), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(bytes[len(magic):], uint32(len(body)))
	binary.BigEndian.PutUint32(bytes[len(magic)+4:], crc32.ChecksumIEEE([]byte(body)))
	if err := errors.Join(os.WriteFile(filepath.Join(dir, fileName), append(bytes, body...), 0o600), j.Close()); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	defer j.Close()
	var texts []string
	for _, e := range j.Entries() {
		texts = append(texts, e.Change.String())
	}
	if want := []string{"route 10.0.0.0/8 dev sag0", "DNS server 127.83.71.53 in /etc/resolv.conf"}; !slices.Equal(texts, want) || j.Torn() {
		t.Errorf("%q", texts)
	}
}
