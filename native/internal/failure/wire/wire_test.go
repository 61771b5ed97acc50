package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// The causes have the same numbers and names as in the contract.
func TestCausesMatchTheContract(t *testing.T) {
	for number, name := range typesv1.Cause_name {
		want := strings.ToLower(strings.TrimPrefix(name, "CAUSE_"))
		if got := failure.Cause(number).String(); got != want {
			t.Errorf("cause %d is %q, the contract says %q", number, got, want)
		}
		if failure.ParseCause(want) != failure.Cause(number) {
			t.Errorf("%q is not read as %d", want, number)
		}
	}
	if last := failure.Cause(len(typesv1.Cause_name)); failure.ParseCause(last.String()) != failure.Unknown {
		t.Errorf("cause %s is not in the contract", last)
	}
}

func TestFailureAndMessage(t *testing.T) {
	f := &failure.Failure{
		Cause: failure.SessionLimit, Message: msg.HostRefuses("it.test"), RetryAfter: time.Second, DeviceName: "laptop", Field: "a.b",
		Sessions: []failure.ActiveSession{{SessionID: "s", DeviceName: "phone", Age: time.Minute, ClientAddress: "192.0.2.1"}},
	}
	value := reflect.ValueOf(*f)
	for i := range value.NumField() {
		if value.Field(i).IsZero() {
			t.Errorf("%s is not tested", value.Type().Field(i).Name)
		}
	}
	if got := Failure(Message(f)); !reflect.DeepEqual(got, f) {
		t.Errorf("%+v was converted to %+v", f, got)
	}
	if Message(nil) != nil || Failure(nil) != nil {
		t.Error("no failure became one")
	}
}

func TestConnectCarriesTheFailure(t *testing.T) {
	err := Connect(&failure.Error{Failure: failure.Of(failure.NotPermitted, msg.Foreign("no")), Under: errors.New("below")})
	if f := Received(err); f.Code() != failure.NotPermitted || f.Text != "no" || connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("%+v %v", f, err)
	}
	if Received(errors.New("x")) != nil {
		t.Error("a failure was found in an error without one")
	}
}
