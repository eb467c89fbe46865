package compute

import (
	"slices"
	"strings"
	"testing"
)

func TestStatesHaveAWSCodes(t *testing.T) {
	want := map[State]int{Pending: 0, Running: 16, ShuttingDown: 32, Terminated: 48, Stopping: 64, Stopped: 80}
	for _, s := range States() {
		if s.Code() != want[s] {
			t.Errorf("%s has code %d, want %d", s, s.Code(), want[s])
		}
	}
	if len(States()) != len(want) || State("nap").Code() != -1 {
		t.Error("a state is missing, or an unknown one has a code")
	}
}

// What each action does in each state: "yes" it applies, "idle" it is accepted and does
// nothing, "no" it is refused.
func TestEveryActionInEveryState(t *testing.T) {
	table := []struct {
		action                                                        Action
		pending, running, shuttingDown, terminated, stopping, stopped string
	}{
		{ActionStart, "idle", "idle", "no", "no", "no", "yes"},
		{ActionStop, "yes", "yes", "no", "no", "idle", "idle"},
		{ActionReboot, "no", "yes", "no", "idle", "no", "no"},
		{ActionTerminate, "yes", "yes", "idle", "idle", "yes", "yes"},
		{ActionCreateImage, "no", "yes", "no", "no", "no", "yes"},
		{ActionChangeType, "no", "no", "no", "no", "no", "yes"},
		{ActionChangeUserData, "no", "no", "no", "no", "no", "yes"},
		{ActionChangeGroups, "no", "yes", "no", "no", "no", "yes"},
		{ActionChangeProtection, "no", "yes", "no", "no", "no", "yes"},
	}
	if len(table) != len(Actions()) {
		t.Fatalf("%d actions in the table, %d exist", len(table), len(Actions()))
	}
	for _, row := range table {
		wants := []string{row.pending, row.running, row.shuttingDown, row.terminated, row.stopping, row.stopped}
		for i, s := range States() {
			if got := verdict(row.action, s); got != wants[i] {
				t.Errorf("%s while %s: %s, want %s", row.action, s, got, wants[i])
			}
		}
	}
}

func verdict(a Action, s State) string {
	switch err := Allowed(a, s); {
	case a.Applies(s):
		return "yes"
	case err == nil:
		return "idle"
	}
	return "no"
}

func TestARefusalNamesTheInstanceInAWSWords(t *testing.T) {
	for action, want := range map[Action]string{
		ActionStart:            "The instance 'i-1' is not in a state from which it can be started.",
		ActionReboot:           "The instance 'i-1' is not in a state from which it can be rebooted.",
		ActionChangeType:       "The instance 'i-1' is not in the 'stopped' state.",
		ActionChangeProtection: "The instance 'i-1' is in the state 'stopping', in which this cannot be changed.",
	} {
		err := action.Check("i-1", Stopping)
		if faultCode(err) != "IncorrectInstanceState" || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", action, err)
		}
	}
	err := ActionStop.Check("i-1", Terminated)
	if !strings.HasSuffix(err.Error(), "This instance 'i-1' is not in a state from which it can be stopped.") {
		t.Errorf("stop: %v", err)
	}
}

func TestEveryStateLeadsToTermination(t *testing.T) {
	for _, s := range States() {
		if s != Terminated && s != ShuttingDown && !slices.Contains(s.Next(), ShuttingDown) {
			t.Errorf("%s cannot be terminated", s)
		}
	}
	if len(Terminated.Next()) != 0 || !slices.Equal(ShuttingDown.Next(), []State{Terminated}) {
		t.Error("termination is not final")
	}
}

func TestInstanceTypesAreUniqueAndBeginWithTheDefault(t *testing.T) {
	seen := map[string]bool{}
	for _, typ := range InstanceTypes() {
		if seen[typ.Name] || typ.VCPU < 1 || typ.MemoryGiB <= 0 || typ.Network == "" {
			t.Errorf("bad type %+v", typ)
		}
		seen[typ.Name] = true
	}
	if typ, ok := LookupType(DefaultType); !ok || !typ.FreeTier {
		t.Errorf("default type %+v", typ)
	}
	if _, ok := LookupType("t2.mega"); ok {
		t.Error("a type that does not exist was found")
	}
}

func TestImageNamesAndDescriptionsFollowAWSRules(t *testing.T) {
	for name, ok := range map[string]bool{
		"web": true, "my image (1) [a] b/c-d'e@f_g.h": true, strings.Repeat("a", 128): true,
		"": false, "ab": false, strings.Repeat("a", 129): false, "naïve": false, "a\tb": false, "a*b": false, "日本語": false, "<b>web</b>": false,
	} {
		err := ValidImageName(name)
		if (err == nil) != ok || !ok && faultCode(err) != "InvalidAMIName.Malformed" {
			t.Errorf("name %q: %v", name, err)
		}
	}
	for text, ok := range map[string]bool{
		"": true, strings.Repeat("あ", 255): true, strings.Repeat("あ", 256): false, "a\nb": false, "a\xffb": false,
	} {
		if err := ValidImageDescription(text); (err == nil) != ok {
			t.Errorf("description %q: %v", text, err)
		}
	}
}
