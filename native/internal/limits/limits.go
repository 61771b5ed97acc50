// Package limits validates messages by the protovalidate rules that the contracts use. The complete protovalidate library
// needs a CEL interpreter, which would cost an idle tunnel a quarter of its memory; a test compares the results of both.
package limits

import (
	"fmt"
	"strconv"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sag.software/native/internal/msg"
)

// Violation is a field that breaks a rule of its contract.
type Violation struct {
	// Field is the path, for example "session.access_points[0].name".
	Field string
	// Message includes the field and what it should be.
	msg.Message
}

// Error returns the message.
func (v *Violation) Error() string { return v.Text }

// Check returns nil, or a *Violation if a message breaks a rule of its contract. A rule that this package does not
// implement counts as broken, so that no value goes unchecked.
func Check(m proto.Message) error { return message("", m.ProtoReflect()) }

func message(path string, m protoreflect.Message) error {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if err := one(join(path, string(field.Name())), m, field); err != nil {
			return err
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func one(path string, m protoreflect.Message, field protoreflect.FieldDescriptor) error {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if rules.GetRequired() && !m.Has(field) {
		return &Violation{path, msg.FieldRequired(path)}
	}
	// Fields with presence are only checked if set; others also when empty.
	if field.HasPresence() && !m.Has(field) {
		return nil
	}
	if len(rules.GetCel()) > 0 || len(rules.GetCelExpression()) > 0 || rules.GetIgnore() != validate.Ignore_IGNORE_UNSPECIFIED {
		return &Violation{path, msg.FieldRuleUnknown(path, "CEL")}
	}
	value := m.Get(field)
	if field.IsMap() {
		return pairs(path, field, value.Map(), rules.GetMap())
	}
	if !field.IsList() {
		return single(path, field, value, rules)
	}
	list, of := value.List(), rules.GetRepeated()
	if err := known(path, of, "min_items", "max_items", "items"); err != nil {
		return err
	}
	if n := uint64(list.Len()); of.HasMinItems() && n < of.GetMinItems() || of.HasMaxItems() && n > of.GetMaxItems() {
		return &Violation{path, msg.FieldItems(path, count(n))}
	}
	for i := range list.Len() {
		if err := single(fmt.Sprintf("%s[%d]", path, i), field, list.Get(i), of.GetItems()); err != nil {
			return err
		}
	}
	return nil
}

func pairs(path string, field protoreflect.FieldDescriptor, m protoreflect.Map, of *validate.MapRules) (err error) {
	if err := known(path, of, "min_pairs", "max_pairs", "keys", "values"); err != nil {
		return err
	}
	if n := uint64(m.Len()); of.HasMinPairs() && n < of.GetMinPairs() || of.HasMaxPairs() && n > of.GetMaxPairs() {
		return &Violation{path, msg.FieldPairs(path, count(n))}
	}
	m.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		at := fmt.Sprintf("%s[%q]", path, key)
		if err = single(at, field.MapKey(), key.Value(), of.GetKeys()); err == nil {
			err = single(at, field.MapValue(), value, of.GetValues())
		}
		return err == nil
	})
	return err
}

// known fails if a set of rules has any but the named ones.
func known(path string, rules proto.Message, names ...string) error {
	var unknown error
	rules.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		for _, name := range names {
			if string(field.Name()) == name {
				return true
			}
		}
		unknown = &Violation{path, msg.FieldRuleUnknown(path, string(field.Name()))}
		return false
	})
	return unknown
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }
