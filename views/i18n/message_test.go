package i18n

import (
	"strings"
	"testing"

	"elbow/engine/fault"
)

func TestAMessageThatWasWrittenDownIsSaidInJapanese(t *testing.T) {
	ctx := With(t.Context(), New(Japanese))
	for _, f := range []*fault.Error{
		fault.New(fault.Conflict, "InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", "web (1+1)", "vpc-1"),
		fault.New(fault.Invalid, "ValidationError", "To confirm, type %q.", "delete"),
		fault.New(fault.Invalid, "ValidationError", "HealthCheck timeout must be less than interval."),
	} {
		want := Fault(ctx, f)
		if got := Message(ctx, f.Message()); got != want || got == f.Message() {
			t.Errorf("%q is said %q, want %q", f.Message(), got, want)
		}
	}
	const unknown = "something that no fault says"
	if got := Message(ctx, unknown); got != unknown {
		t.Errorf("%q is said %q, want it as it is", unknown, got)
	}
	if got := Message(t.Context(), "To confirm, type \"delete\"."); got != "To confirm, type \"delete\"." {
		t.Errorf("in English it is said %q", got)
	}
}

func TestEveryFormatFindsItsOwnMessage(t *testing.T) {
	for format := range loaded()[Japanese].faults {
		if !messageOf(format).MatchString(strings.ReplaceAll(format, "%%", "%")) {
			t.Errorf("the pattern of %q does not match it", format)
		}
	}
}
