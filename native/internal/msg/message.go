// Package msg has the texts that users see. Each has a key in the catalogue common/text, parameters, and the English text
// for readers that do not have the key. The functions for the keys are generated from the catalogue; no other package has
// user-visible English texts.
package msg

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is the limit of a text or a parameter, bytes; the contract allows as many characters.
const longest = 1024

// Message is one text.
type Message struct {
	// Key is CATALOGUE.NAME; "" for texts of another program.
	Key string
	// Params are the text's parameters by name.
	Params map[string]string
	// Text is the complete English text.
	Text string
}

// Foreign returns a text that comes from another program or from the operating system.
func Foreign(text string) Message { return Message{Text: clean(text)} }

// message builds a text from parts, which are literals and parameter names in turn.
func message(key string, parts []string, params ...string) Message {
	m := Message{Key: key}
	for i := 0; i < len(params); i += 2 {
		if m.Params == nil {
			m.Params = map[string]string{}
		}
		m.Params[params[i]] = clean(params[i+1])
	}
	var b strings.Builder
	for i, part := range parts {
		if i%2 == 1 {
			part = m.Params[part]
		}
		b.WriteString(part)
	}
	m.Text = clip(b.String())
	return m
}

// clean makes a text safe to show in one line of a log or a window.
func clean(text string) string {
	return clip(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD")))
}

func clip(text string) string {
	if len(text) <= longest {
		return text
	}
	text = text[:longest]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text
}

// Error is an error with a text for users, but without a cause code.
type Error struct {
	Message
	// Under is the wrapped error.
	Under error
}

// Error returns the English text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Under }

// Of returns the text of an error: its Message, followed by the rest of the error as a detail. Text of the system or of a library, which
// is always English, never stands alone.
func Of(err error) Message {
	var own *Error
	if !errors.As(err, &own) {
		return SystemError(err.Error())
	}
	if own.Text == err.Error() {
		return own.Message
	}
	if detail, found := strings.CutPrefix(err.Error(), own.Text+": "); found {
		return FailedWithDetail(own.Text, detail)
	}
	return SystemError(err.Error())
}
