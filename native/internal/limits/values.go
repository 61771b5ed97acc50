package limits

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	"sag.software/native/internal/msg"
)

// single checks one value: a field's own, or an item of a list.
func single(path string, field protoreflect.FieldDescriptor, value protoreflect.Value, rules *validate.FieldRules) error {
	switch of := rules.GetType().(type) {
	case nil:
	case *validate.FieldRules_String_:
		return text(path, value.String(), of.String_)
	case *validate.FieldRules_Bytes:
		return raw(path, value.Bytes(), of.Bytes)
	case *validate.FieldRules_Uint32:
		return number(path, uint32(value.Uint()), of.Uint32)
	case *validate.FieldRules_Enum:
		return enum(path, field, value.Enum(), of.Enum)
	case *validate.FieldRules_Duration:
		if d, ok := value.Message().Interface().(*durationpb.Duration); ok {
			return duration(path, d, of.Duration)
		}
		return &Violation{path, msg.FieldDuration(path)}
	default:
		return &Violation{path, msg.FieldRuleUnknown(path, fmt.Sprintf("%T", of))}
	}
	if field.Message() != nil {
		return message(path, value.Message())
	}
	return nil
}

func text(path, value string, rules *validate.StringRules) error {
	if err := known(path, rules, "min_len", "max_len", "pattern", "prefix", "ip", "ip_prefix", "ip_with_prefixlen"); err != nil {
		return err
	}
	n := uint64(utf8.RuneCountInString(value))
	switch {
	case rules.HasMinLen() && n < rules.GetMinLen(), rules.HasMaxLen() && n > rules.GetMaxLen():
		return &Violation{path, msg.FieldCharacters(path, count(n))}
	case rules.HasPattern() && !matches(rules.GetPattern(), value):
		return &Violation{path, msg.FieldPattern(path, rules.GetPattern())}
	case rules.HasPrefix() && !strings.HasPrefix(value, rules.GetPrefix()):
		return &Violation{path, msg.FieldPrefix(path, rules.GetPrefix())}
	case rules.GetIp() && !isAddress(value):
		return &Violation{path, msg.FieldAddress(path)}
	case rules.GetIpPrefix() && !isPrefix(value, true):
		return &Violation{path, msg.FieldIPPrefix(path)}
	case rules.GetIpWithPrefixlen() && !isPrefix(value, false):
		return &Violation{path, msg.FieldAddressWithLength(path)}
	}
	return nil
}

var patterns sync.Map // pattern → *regexp.Regexp

func matches(pattern, value string) bool {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		made, err := regexp.Compile(pattern)
		if err != nil {
			return false
		}
		compiled, _ = patterns.LoadOrStore(pattern, made)
	}
	return compiled.(*regexp.Regexp).MatchString(value)
}

func isAddress(value string) bool {
	_, err := netip.ParseAddr(value)
	return err == nil
}

func isPrefix(value string, strict bool) bool {
	p, err := netip.ParsePrefix(value)
	return err == nil && (!strict || p == p.Masked())
}

func raw(path string, value []byte, rules *validate.BytesRules) error {
	if err := known(path, rules, "len", "min_len", "max_len"); err != nil {
		return err
	}
	n := uint64(len(value))
	if rules.HasLen() && n != rules.GetLen() || rules.HasMinLen() && n < rules.GetMinLen() || rules.HasMaxLen() && n > rules.GetMaxLen() {
		return &Violation{path, msg.FieldBytes(path, count(n))}
	}
	return nil
}

func number(path string, value uint32, rules *validate.UInt32Rules) error {
	if err := known(path, rules, "gte", "lte"); err != nil {
		return err
	}
	if rules.HasGte() && value < rules.GetGte() || rules.HasLte() && value > rules.GetLte() {
		return &Violation{path, msg.FieldOutOfRange(path, fmt.Sprint(value))}
	}
	return nil
}

func enum(path string, field protoreflect.FieldDescriptor, value protoreflect.EnumNumber, rules *validate.EnumRules) error {
	if err := known(path, rules, "defined_only", "not_in"); err != nil {
		return err
	}
	if rules.GetDefinedOnly() && field.Enum().Values().ByNumber(value) == nil {
		return &Violation{path, msg.FieldNotDefined(path, fmt.Sprint(value))}
	}
	for _, not := range rules.GetNotIn() {
		if protoreflect.EnumNumber(not) == value {
			return &Violation{path, msg.FieldNotAllowed(path, fmt.Sprint(value))}
		}
	}
	return nil
}

func duration(path string, value *durationpb.Duration, rules *validate.DurationRules) error {
	if err := known(path, rules, "gt", "lte"); err != nil {
		return err
	}
	if !value.IsValid() {
		return &Violation{path, msg.FieldDuration(path)}
	}
	d := value.AsDuration()
	if rules.HasGt() && d <= rules.GetGt().AsDuration() || rules.HasLte() && d > rules.GetLte().AsDuration() {
		return &Violation{path, msg.FieldOutOfRange(path, d.String())}
	}
	return nil
}
