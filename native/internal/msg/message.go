// Package msg has the texts that are shown: each is a key of the catalogue in common/text with parameters, and the same in English for
// readers that do not know the key. The functions for the keys are generated from the catalogue, and no other file has English in it
// that is shown.
package msg

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how long a text or a parameter may be, in bytes; the contract allows as many characters.
const longest = 1024

// Message is one text.
type Message struct {
	// Key is CATALOGUE.NAME, "" for words of another program.
	Key string
	// Params are what the text names.
	Params map[string]string
	// Text is the whole in English.
	Text string
}

// Foreign is a text that this program has from another one, or from the operating system.
func Foreign(text string) Message { return Message{Text: clean(text)} }

// message makes a text of parts: fixed words and names of parameters in turn.
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

// clean makes a text one that can stand in one line of a log or a window.
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

// Error is an error that has a text to show, but no cause yet.
type Error struct {
	Message
	// Under is the error below it, which errors.Is and errors.As find.
	Under error
}

// Error is the text in English.
func (e *Error) Error() string { return e.Text }

// Unwrap is the error below.
func (e *Error) Unwrap() error { return e.Under }

// Of is the text of an error: its message if it is all that the error says, else the error's own words, as those of the system.
func Of(err error) Message {
	var own *Error
	if errors.As(err, &own) && own.Text == err.Error() {
		return own.Message
	}
	return SystemError(err.Error())
}
