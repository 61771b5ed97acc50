package service

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func TestUsersReadOwnSessionsLog(t *testing.T) {
	book, logger := NewLogbook(io.Discard, nil)
	for _, step := range []struct {
		owner int64
		text  string
	}{{noOwner, "starting"}, {1000, "annas"}, {noOwner, "between"}, {1001, "berts"}, {1000, "annas again"}} {
		book.belongsTo(step.owner)
		logger.Info(step.text)
	}
	read := func(after uint64, uid uint32, all bool) (texts []string, last uint64) {
		lines, last := book.read(after, uid, all)
		for _, line := range lines {
			_, text, _ := strings.Cut(line, `"msg":"`)
			texts = append(texts, strings.TrimSuffix(text, `"}`))
		}
		return texts, last
	}
	for _, c := range []struct {
		after uint64
		uid   uint32
		all   bool
		want  string
	}{
		{0, 1000, false, "annas,annas again"}, {2, 1000, false, "annas again"}, {0, 1001, false, "berts"}, {0, 1002, false, ""},
		{0, 0, true, "starting,annas,between,berts,annas again"}, {5, 0, true, ""}, {99, 0, true, ""},
	} {
		if texts, last := read(c.after, c.uid, c.all); strings.Join(texts, ",") != c.want || last != 5 {
			t.Errorf("%+v: %q, %d", c, texts, last)
		}
	}
}

func TestLogbookIsBounded(t *testing.T) {
	book, logger := NewLogbook(io.Discard, &slog.HandlerOptions{})
	for i := range 5000 {
		logger.Info(fmt.Sprintf("%d %s", i, strings.Repeat("x", i%500)))
	}
	if book.bytes > keptBytes || len(book.lines) > keptLines {
		t.Errorf("%d bytes, %d lines", book.bytes, len(book.lines))
	}
	lines, last := book.read(0, 0, true)
	size := len(strings.Join(lines, ""))
	if last != 5000 || size > shownBytes || size < shownBytes/2 || !strings.Contains(lines[len(lines)-1], "4999 ") || !slices.IsSorted([]int{0, len(lines)}) {
		t.Errorf("%d lines of %d bytes, the last is %d", len(lines), size, last)
	}
}
