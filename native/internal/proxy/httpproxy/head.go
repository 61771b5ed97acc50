package httpproxy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"sag.software/native/internal/msg"
)

const (
	// maxRequestHead bounds a request's head, bytes.
	maxRequestHead = 64 << 10
	// maxResponseHead bounds a response's head, bytes.
	maxResponseHead = 256 << 10
)

var errTooLarge = errors.New("the head is too long")

// badRequest is an error that is answered with its status and text.
type badRequest struct {
	status int
	why    msg.Message
}

func (b *badRequest) Error() string { return b.why.Text }

func bad(why msg.Message) error { return &badRequest{http.StatusBadRequest, why} }

// field is one header field. raw is the field as received, with line ends and continuation lines.
type field struct {
	name, value string
	raw         []byte
}

// is compares names case-insensitively.
func (f field) is(names ...string) bool {
	for _, name := range names {
		if strings.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

type fields []field

// tokens returns the comma-separated values of all fields with a name, in lower case.
func (all fields) tokens(name string) []string {
	var tokens []string
	for _, f := range all {
		if !f.is(name) {
			continue
		}
		for part := range strings.SplitSeq(f.value, ",") {
			if part = strings.ToLower(strings.Trim(part, " \t")); part != "" {
				tokens = append(tokens, part)
			}
		}
	}
	return tokens
}

func (all fields) has(name string) bool {
	for _, f := range all {
		if f.is(name) {
			return true
		}
	}
	return false
}

// readHead reads lines up to an empty one, which it omits. On an error it also returns the lines before it. The first line
// is passed to check (if not nil) before more is read.
func readHead(r *bufio.Reader, limit int, check func(first []byte) error) ([][]byte, error) {
	var lines [][]byte
	size := 0
	for {
		var line []byte
		for {
			part, err := r.ReadSlice('\n')
			line = append(line, part...)
			if size += len(part); size > limit {
				return lines, errTooLarge
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil {
				if len(line) > 0 {
					lines = append(lines, line)
				}
				return lines, err
			}
			break
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			if len(lines) == 0 && size < 8 {
				continue // RFC 9112, 2.2: skip empty lines before a message
			}
			return lines, nil
		}
		if len(lines) == 0 && check != nil {
			if err := check(line); err != nil {
				return nil, err
			}
		}
		lines = append(lines, line)
	}
}

// request is a request's head.
type request struct {
	method, target string
	minor          int
	fields         fields
}

// readRequest reads a request's head. It rejects what two parsers could read differently, to prevent request smuggling (RFC
// 9112, 11.2).
func readRequest(r *bufio.Reader) (*request, error) {
	var req *request
	lines, err := readHead(r, maxRequestHead, func(first []byte) (err error) {
		req, err = parseRequestLine(string(bytes.TrimRight(first, "\r\n")))
		return err
	})
	if errors.Is(err, errTooLarge) {
		return nil, &badRequest{http.StatusRequestHeaderFieldsTooLarge, msg.HTTPHeadTooLong()}
	}
	if err != nil {
		return nil, err
	}
	if req == nil {
		return nil, io.ErrUnexpectedEOF
	}
	for _, line := range lines[1:] {
		f, err := parseField(line)
		if err != nil {
			return nil, err
		}
		req.fields = append(req.fields, f)
	}
	return req, nil
}

func parseRequestLine(line string) (*request, error) {
	first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
	if first <= 0 || last <= first+1 {
		return nil, bad(msg.HTTPNoRequestLine())
	}
	req := &request{method: line[:first], target: line[first+1 : last]}
	switch line[last+1:] {
	case "HTTP/1.1":
		req.minor = 1
	case "HTTP/1.0":
	default:
		return nil, &badRequest{http.StatusHTTPVersionNotSupported, msg.HTTPVersionUnknown()}
	}
	if !isToken(req.method) {
		return nil, bad(msg.HTTPNoMethod())
	}
	for i := range len(req.target) {
		if c := req.target[i]; c <= ' ' || c == 0x7f {
			return nil, bad(msg.HTTPTargetCharacters())
		}
	}
	return req, nil
}

// parseField parses one header line of a request.
func parseField(line []byte) (field, error) {
	text := string(bytes.TrimRight(line, "\r\n"))
	name, value, ok := strings.Cut(text, ":")
	if !ok || !isToken(name) {
		return field{}, bad(msg.HTTPNoHeaderField())
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return field{}, bad(msg.HTTPHeaderCharacters())
		}
	}
	return field{name: name, value: strings.Trim(value, " \t"), raw: line}, nil
}

// isToken reports whether s is a token (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// authority splits an absolute-form target into the destination, its spelling for the Host field, and the path and query,
// byte for byte.
func (r *request) authority() (host string, port uint16, written, rest string, err error) {
	const scheme = "http://"
	if len(r.target) < len(scheme) || !strings.EqualFold(r.target[:len(scheme)], scheme) {
		return "", 0, "", "", bad(msg.HTTPSchemeUnknown())
	}
	written = r.target[len(scheme):]
	if end := strings.IndexAny(written, "/?#"); end >= 0 {
		written, rest = written[:end], written[end:]
	}
	if at := strings.LastIndexByte(written, '@'); at >= 0 {
		written = written[at+1:] // the client sends credentials in a header field; user info in the URL is dropped
	}
	if host, port, err = splitHostPort(written, 80); err != nil {
		return "", 0, "", "", bad(msg.HTTPTargetNoHost())
	}
	switch {
	case rest == "" && r.method == "OPTIONS":
		rest = "*" // RFC 9112, 3.2.4
	case rest == "" || rest[0] != '/':
		rest = "/" + rest
	}
	return host, port, written, rest, nil
}

// splitHostPort parses HOST, HOST:PORT and [IPV6]:PORT; without a port it returns `otherwise`.
func splitHostPort(text string, otherwise uint16) (string, uint16, error) {
	host, port := text, ""
	if colon := strings.LastIndexByte(text, ':'); colon >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:colon], text[colon+1:]
	}
	if strings.HasPrefix(host, "[") != strings.HasSuffix(host, "]") || !strings.HasPrefix(host, "[") && strings.Contains(host, ":") || host == "" {
		return "", 0, errors.New("not HOST:PORT")
	}
	if port == "" && otherwise != 0 {
		return host, otherwise, nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", 0, errors.New("not HOST:PORT")
	}
	return host, uint16(number), nil
}

// response is a response's head, parsed as leniently as browsers do.
type response struct {
	// bare means that there is no head, as in HTTP/0.9.
	bare   bool
	status int
	// minor is 1 for HTTP/1.1 and later minor versions, else 0.
	minor  int
	line   []byte
	fields fields
}

// readResponse reads a response's head. Lines that are not header fields become fields without a name and are passed on
// unchanged.
func readResponse(r *bufio.Reader) (*response, error) {
	if is, err := begins(r, "HTTP/", "ICY "); err != nil || !is {
		return &response{bare: true, status: 200}, err
	}
	lines, err := readHead(r, maxResponseHead, nil)
	if err != nil && (len(lines) == 0 || !errors.Is(err, io.EOF)) {
		return nil, err
	}
	res := &response{line: lines[0], status: 200}
	words := strings.Fields(string(lines[0]))
	if len(words) > 1 {
		if code, err := strconv.Atoi(words[1]); err == nil && len(words[1]) == 3 && code >= 100 {
			res.status = code
		}
	}
	if version, ok := strings.CutPrefix(strings.ToUpper(words[0]), "HTTP/1."); ok && version != "0" {
		res.minor = 1
	}
	for _, line := range lines[1:] {
		if last := len(res.fields) - 1; last >= 0 && (line[0] == ' ' || line[0] == '\t') {
			res.fields[last].raw = append(res.fields[last].raw, line...)
			continue
		}
		name, value, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		f := field{raw: line}
		if ok {
			f.name, f.value = string(bytes.Trim(name, " \t")), string(bytes.Trim(value, " \t"))
		}
		res.fields = append(res.fields, f)
	}
	return res, nil
}

// begins reports whether one of the texts comes next, ignoring case. It does not wait for more bytes than needed to decide.
func begins(r *bufio.Reader, texts ...string) (bool, error) {
	for n := 1; ; n++ {
		next, err := r.Peek(n)
		if len(next) == 0 {
			return false, err
		}
		alive := false
		for _, text := range texts {
			if len(next) >= len(text) && strings.EqualFold(string(next[:len(text)]), text) {
				return true, nil
			}
			alive = alive || len(next) < len(text) && strings.EqualFold(string(next), text[:len(next)])
		}
		if !alive || err != nil {
			return false, nil
		}
	}
}
