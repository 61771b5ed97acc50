// Package agent keeps an access point connected to its cloud instance: it registers, watches for the desired state, acknowledges
// and reports. A Point puts the desired state in force; this package does not depend on WireGuard.
package agent

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"sag.software/native/gen/sag/accesspoint/v1/accesspointv1connect"
)

// ErrIdentityChanged means that the server is not the one that was pinned.
var ErrIdentityChanged = errors.New("the cloud instance's certificate is not the pinned one")

// ErrCertificateUnknown means that no pin was given and that no certificate authority of the system has signed the server's
// certificate.
var ErrCertificateUnknown = errors.New("the cloud instance's certificate is not trusted")

// maxMessage is the largest message in either direction, bytes.
const maxMessage = 256 << 10

// Pin is the SHA-256 of a certificate's SubjectPublicKeyInfo.
type Pin [sha256.Size]byte

// ParsePin reads "sha256/" and base64url, as the cloud instance prints it. The prefix is optional and standard base64 is
// accepted.
func ParsePin(text string) (Pin, error) {
	digits := strings.TrimRight(strings.TrimPrefix(text, "sha256/"), "=")
	digits = strings.NewReplacer("+", "-", "/", "_").Replace(digits)
	b, err := base64.RawURLEncoding.DecodeString(digits)
	if err != nil || len(b) != sha256.Size {
		return Pin{}, fmt.Errorf("%q is not the SHA-256 of a public key, as sha256/BASE64URL", text)
	}
	return Pin(b), nil
}

// Cloud is the address of the cloud instance, and how its certificate is checked.
type Cloud struct {
	// URL is https://HOST:PORT.
	URL *url.URL
	// Pins are the accepted keys, whoever signed the certificate. None = the certificate is checked against the system's
	// authorities.
	Pins []Pin
}

// ParseCloud checks the address and returns a Cloud.
func ParseCloud(address string, pins []Pin) (Cloud, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Cloud{}, fmt.Errorf("%q is not https://HOST:PORT", address)
	}
	return Cloud{URL: u, Pins: pins}, nil
}

// client returns a client whose calls share one HTTP/2 connection, so that a call needs no new handshake.
func (c Cloud) client() (accesspointv1connect.AccessPointServiceClient, *http.Transport) {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       c.tls(),
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 10 * time.Second,
		IdleConnTimeout:       time.Minute,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	return accesspointv1connect.NewAccessPointServiceClient(
		&http.Client{Transport: transport},
		strings.TrimRight(c.URL.String(), "/"),
		connect.WithReadMaxBytes(maxMessage),
		connect.WithSendMaxBytes(maxMessage),
	), transport
}

// tls leaves CurvePreferences unset, because Go then prefers X25519MLKEM768.
func (c Cloud) tls() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if len(c.Pins) == 0 {
		return config
	}
	config.InsecureSkipVerify = true // VerifyConnection checks the pin instead
	config.VerifyConnection = func(state tls.ConnectionState) error {
		return checkPin(state.PeerCertificates[0], c.Pins)
	}
	return config
}

func checkPin(certificate *x509.Certificate, pins []Pin) error {
	if slices.Contains(pins, Pin(sha256.Sum256(certificate.RawSubjectPublicKeyInfo))) {
		return nil
	}
	return ErrIdentityChanged
}
