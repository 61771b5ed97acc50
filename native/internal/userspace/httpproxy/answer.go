package httpproxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

// answer is a short answer of the proxy's own.
func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// failed answers for a destination that could not be reached.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	s.logger.Debug("a destination could not be reached", "host", r.Host, "error", err)
	status, text := explain(err)
	answer(w, status, text)
}

// explain gives a failure's status and its words: the cause first, for scripts.
func explain(err error) (int, string) {
	f := failure.From(err, typesv1.Cause_CAUSE_TARGET_UNREACHABLE)
	status := http.StatusBadGateway
	switch f.GetCause() {
	case typesv1.Cause_CAUSE_TARGET_TIMEOUT, typesv1.Cause_CAUSE_DNS_UNAVAILABLE:
		status = http.StatusGatewayTimeout
	case typesv1.Cause_CAUSE_NOT_PERMITTED:
		status = http.StatusForbidden
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		status = http.StatusGatewayTimeout
	}
	cause := strings.ToLower(strings.TrimPrefix(f.GetCause().String(), "CAUSE_"))
	return status, cause + ": " + f.GetText()
}
