package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestAFaultIsFoundThroughWrapping(t *testing.T) {
	f := New(NotFound, "InvalidInstanceID.NotFound", "The instance ID %q does not exist", "i-1").In("instance_id")
	got, ok := Of(fmt.Errorf("looking it up: %w", f))
	if !ok || got.Field != "instance_id" || got.Message() != `The instance ID "i-1" does not exist` {
		t.Errorf("Of found %v, %v", got, ok)
	}
	if code := CodeOf(errors.New("disk on fire")); code != "InternalError" {
		t.Errorf("CodeOf an error that is no fault = %q", code)
	}
	if code := CodeOf(nil); code != "" {
		t.Errorf("CodeOf(nil) = %q", code)
	}
}

func TestInDoesNotTouchTheOriginal(t *testing.T) {
	f := New(Invalid, "InvalidParameterValue", "no")
	_ = f.In("name")
	if f.Field != "" {
		t.Errorf("In changed the fault it was called on")
	}
}
