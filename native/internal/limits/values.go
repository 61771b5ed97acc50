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
		return &Violation{path, "it is no duration"}
	default:
		return &Violation{path, "it has a rule that is not known here"}
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
		return &Violation{path, fmt.Sprintf("it has %d characters", n)}
	case rules.HasPattern() && !matches(rules.GetPattern(), value):
		return &Violation{path, "it does not look like " + rules.GetPattern()}
	case rules.HasPrefix() && !strings.HasPrefix(value, rules.GetPrefix()):
		return &Violation{path, "it does not begin with " + rules.GetPrefix()}
	case rules.GetIp() && !isAddress(value):
		return &Violation{path, "it is no IP address"}
	case rules.GetIpPrefix() && !isPrefix(value, true):
		return &Violation{path, "it is no IP prefix"}
	case rules.GetIpWithPrefixlen() && !isPrefix(value, false):
		return &Violation{path, "it is no IP address with a prefix length"}
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
		return &Violation{path, fmt.Sprintf("it has %d bytes", n)}
	}
	return nil
}

func number(path string, value uint32, rules *validate.UInt32Rules) error {
	if err := known(path, rules, "gte", "lte"); err != nil {
		return err
	}
	if rules.HasGte() && value < rules.GetGte() || rules.HasLte() && value > rules.GetLte() {
		return &Violation{path, fmt.Sprintf("%d is out of range", value)}
	}
	return nil
}

func enum(path string, field protoreflect.FieldDescriptor, value protoreflect.EnumNumber, rules *validate.EnumRules) error {
	if err := known(path, rules, "defined_only", "not_in"); err != nil {
		return err
	}
	if rules.GetDefinedOnly() && field.Enum().Values().ByNumber(value) == nil {
		return &Violation{path, fmt.Sprintf("%d is not defined", value)}
	}
	for _, not := range rules.GetNotIn() {
		if protoreflect.EnumNumber(not) == value {
			return &Violation{path, fmt.Sprintf("%d is not allowed", value)}
		}
	}
	return nil
}

func duration(path string, value *durationpb.Duration, rules *validate.DurationRules) error {
	if err := known(path, rules, "gt", "lte"); err != nil {
		return err
	}
	if !value.IsValid() {
		return &Violation{path, "it is no duration"}
	}
	d := value.AsDuration()
	if rules.HasGt() && d <= rules.GetGt().AsDuration() || rules.HasLte() && d > rules.GetLte().AsDuration() {
		return &Violation{path, d.String() + " is out of range"}
	}
	return nil
}
