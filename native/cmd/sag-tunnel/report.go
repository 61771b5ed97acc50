package main

import (
	"encoding/json"
	"fmt"
	"os"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// reported is a failure as one line of JSON, for the parent process.
type reported struct {
	Cause   string `json:"cause"`
	Message string `json:"message"`
	// Key and Params identify the message in the catalogue.
	Key    string            `json:"key,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

func reportOf(err error) reported {
	f := failure.From(err, failure.Unknown)
	return reported{Cause: f.Cause.String(), Message: f.Text, Key: f.Key, Params: f.Params}
}

func (r reported) failure() error {
	return failure.New(failure.ParseCause(r.Cause), msg.Message{Key: r.Key, Params: r.Params, Text: r.Message})
}

// report prints why a command failed.
func report(err error, asJSON bool) {
	r := reportOf(err)
	fmt.Fprintln(os.Stderr, "sag-tunnel:", r.Message)
	if asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(r)
	}
}
