package httpproxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"sag.software/native/internal/msg"
)

// framing is how the end of a message body is found (RFC 9112, 6.3).
type framing struct {
	// chunked and untilEnd (until the connection closes) exclude each other; without either, the body has length bytes.
	chunked, untilEnd bool
	length            int64
}

// none reports whether there is no body.
func (f framing) none() bool { return !f.chunked && !f.untilEnd && f.length == 0 }

// requestFraming rejects requests whose length is ambiguous (RFC 9112, 6.1 and 6.3).
func requestFraming(r *request) (framing, error) {
	encodings := r.fields.tokens("Transfer-Encoding")
	length, hasLength, err := contentLength(r.fields)
	switch {
	case err != nil:
		return framing{}, bad(msg.HTTPContentLength())
	case !r.fields.has("Transfer-Encoding"):
		return framing{length: length}, nil
	case hasLength:
		return framing{}, bad(msg.HTTPTwoLengths())
	case r.minor == 0:
		return framing{}, bad(msg.HTTPNoTransferEncoding())
	case len(encodings) != 1 || encodings[0] != "chunked":
		return framing{}, &badRequest{http.StatusNotImplemented, msg.HTTPTransferEncodingUnknown()}
	}
	return framing{chunked: true}, nil
}

// responseFraming parses the length leniently. If it is missing or invalid, the body ends with the connection.
func responseFraming(method string, r *response) framing {
	if method == "HEAD" || r.status < 200 || r.status == 204 || r.status == 304 {
		return framing{}
	}
	if r.bare {
		return framing{untilEnd: true}
	}
	encodings := r.fields.tokens("Transfer-Encoding")
	if n := len(encodings); n > 0 && encodings[n-1] == "chunked" {
		return framing{chunked: true}
	}
	for _, encoding := range encodings {
		if encoding != "identity" {
			return framing{untilEnd: true}
		}
	}
	length, hasLength, err := contentLength(r.fields)
	if err != nil || !hasLength {
		return framing{untilEnd: true}
	}
	return framing{length: length}
}

// contentLength returns the value of all Content-Length fields, and an error if they differ.
func contentLength(all fields) (length int64, has bool, err error) {
	for _, f := range all {
		if !f.is("Content-Length") {
			continue
		}
		for part := range strings.SplitSeq(f.value, ",") {
			text := strings.Trim(part, " \t")
			n, wrong := strconv.ParseUint(text, 10, 63)
			if wrong != nil || text[0] == '+' || has && int64(n) != length {
				return 0, true, errors.New("conflicting lengths")
			}
			length, has = int64(n), true
		}
	}
	return length, has, nil
}

// stream copies with low latency: it flushes before it blocks in a read.
type stream struct {
	from *bufio.Reader
	to   *bufio.Writer
}

// readError is an error of the source; all other errors are of the destination.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// next waits until a byte can be read.
func (s stream) next() error {
	if s.from.Buffered() == 0 {
		if err := s.to.Flush(); err != nil {
			return err
		}
	}
	if _, err := s.from.Peek(1); err != nil {
		return readError{err}
	}
	return nil
}

// exactly copies n bytes.
func (s stream) exactly(n int64) error {
	for n > 0 {
		if err := s.next(); err != nil {
			if errors.Is(err, io.EOF) {
				return readError{io.ErrUnexpectedEOF}
			}
			return err
		}
		part, _ := s.from.Peek(int(min(n, int64(s.from.Buffered()))))
		if _, err := s.to.Write(part); err != nil {
			return err
		}
		_, _ = s.from.Discard(len(part))
		n -= int64(len(part))
	}
	return nil
}

// untilEnd copies until the source is closed.
func (s stream) untilEnd() error {
	for {
		err := s.exactly(math.MaxInt64)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errChunk means that the chunked encoding is invalid.
var errChunk = errors.New("invalid chunk")

// maxChunkLine bounds a chunk's size line, bytes.
const maxChunkLine = 4 << 10

// chunks copies a chunked body. If strict (for requests), it encodes the body again without chunk extensions, so that the
// server cannot parse it differently. Otherwise it copies byte for byte; after errChunk the caller copies the rest until
// EOF.
func (s stream) chunks(strict bool) error {
	for {
		line, err := s.line()
		if err != nil {
			return err
		}
		size, ok := chunkSize(line, strict)
		if strict && !ok {
			return readError{errChunk}
		}
		if strict {
			line = fmt.Appendf(nil, "%x\r\n", size)
		}
		if _, err := s.to.Write(line); err != nil {
			return err
		}
		if !ok {
			return errChunk
		}
		if size == 0 {
			return s.trailer(strict)
		}
		if err := s.exactly(size); err != nil {
			return err
		}
		end, err := s.line()
		if err != nil {
			return err
		}
		if strict && string(end) != "\r\n" && string(end) != "\n" {
			return readError{errChunk}
		}
		if strict {
			end = []byte("\r\n")
		}
		if _, err := s.to.Write(end); err != nil {
			return err
		}
		if len(bytes.TrimRight(end, "\r\n")) > 0 {
			return errChunk
		}
	}
}

// line reads one line, including its line end.
func (s stream) line() ([]byte, error) {
	if err := s.next(); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, readError{io.ErrUnexpectedEOF}
		}
		return nil, err
	}
	var line []byte
	for {
		if s.from.Buffered() == 0 {
			if err := s.to.Flush(); err != nil {
				return nil, err
			}
		}
		part, err := s.from.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxChunkLine:
			return nil, readError{errTooLarge}
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, readError{io.ErrUnexpectedEOF}
		case err != nil:
			return nil, readError{err}
		default:
			return line, nil
		}
	}
}

func chunkSize(line []byte, strict bool) (int64, bool) {
	text := string(bytes.TrimRight(line, "\r\n"))
	if strict && strings.ContainsAny(text, "\r\x00") {
		return 0, false
	}
	text, _, _ = strings.Cut(text, ";")
	if text = strings.TrimRight(text, " \t"); !strict {
		text = strings.Trim(text, " \t")
	}
	if text == "" || text[0] == '+' || text[0] == '-' || strings.ContainsAny(text, "_xX") {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 16, 63)
	return int64(n), err == nil
}

// trailer copies the trailer section.
func (s stream) trailer(strict bool) error {
	for size := 0; ; {
		line, err := s.line()
		if err != nil {
			return err
		}
		if size += len(line); size > maxRequestHead {
			return readError{errTooLarge}
		}
		isEnd := len(bytes.TrimRight(line, "\r\n")) == 0
		if strict && !isEnd {
			f, err := parseField(line)
			if err != nil {
				return readError{errChunk}
			}
			if f.is("Transfer-Encoding", "Content-Length", "Host", "Connection", "Trailer") {
				continue
			}
			line = []byte(f.name + ": " + f.value + "\r\n")
		}
		if _, err := s.to.Write(line); err != nil || isEnd {
			return err
		}
	}
}
