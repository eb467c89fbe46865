package engine

import (
	"slices"
	"strings"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

func TestChangingGroupsReplacesThem(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	web, err := c.CreateSecurityGroup(t.Context(), CreateSecurityGroupInput{Name: "web", Description: "web"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{web, c.defaultGroupID()}
	if err := c.ModifyInstanceGroups(t.Context(), in.ID, append(want, web)); err != nil {
		t.Fatal(err)
	}
	if got := c.instance(in.ID).Interface.Groups; !slices.Equal(got, want) {
		t.Errorf("wears %v, want %v", got, want)
	}
}

func TestChangingGroupsRefusesWhatCannotBeWorn(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	_, foreign := c.foreignVPC()
	for _, tt := range []struct {
		name   string
		groups []string
		code   string
	}{
		{"no group", nil, "MissingParameter"},
		{"one that never was", []string{ident.New("sg")}, "InvalidGroup.NotFound"},
		{"another account's", []string{c.anotherAccountsGroup()}, "InvalidGroup.NotFound"},
		{"another VPC's", []string{foreign.ID}, "InvalidGroup.NotFound"},
		{"HTML", []string{"<i>"}, "InvalidGroupId.Malformed"},
		{"six", []string{"sg-00000001", "sg-00000002", "sg-00000003", "sg-00000004", "sg-00000005", "sg-00000006"}, "SecurityGroupsPerInterfaceLimitExceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.refuses(tt.code, func() error { return c.ModifyInstanceGroups(t.Context(), in.ID, tt.groups) })
		})
	}
}

func TestEveryAttributeInEveryStateWithoutAMachine(t *testing.T) {
	const wrong = "IncorrectInstanceState"
	groups := func(c cloud, id string) error {
		return c.ModifyInstanceGroups(c.t.Context(), id, []string{c.defaultGroupID()})
	}
	protect := func(c cloud, id string) error { return c.ModifyTerminationProtection(c.t.Context(), id, true) }
	typ := func(c cloud, id string) error { return c.ModifyInstanceType(c.t.Context(), id, "t3.micro") }
	script := func(c cloud, id string) error { return c.ModifyUserData(c.t.Context(), id, []byte("#!/bin/sh")) }
	for _, tt := range []struct {
		name   string
		modify func(cloud, string) error
		codes  map[compute.State]string
	}{
		{"groups", groups, map[compute.State]string{compute.Pending: wrong, compute.Stopped: "", compute.ShuttingDown: wrong, compute.Terminated: wrong}},
		{"protection", protect, map[compute.State]string{compute.Pending: wrong, compute.Stopped: "", compute.ShuttingDown: wrong, compute.Terminated: wrong}},
		{"type", typ, map[compute.State]string{compute.Pending: wrong, compute.Stopped: "", compute.ShuttingDown: wrong, compute.Terminated: wrong}},
		{"user data", script, map[compute.State]string{compute.Pending: wrong, compute.Stopped: "", compute.ShuttingDown: wrong, compute.Terminated: wrong}},
	} {
		for state, code := range tt.codes {
			t.Run(tt.name+" while "+string(state), func(t *testing.T) {
				c := newCloud(t)
				in := c.inState(state)
				if code != "" {
					c.refuses(code, func() error { return tt.modify(c, in.ID) })
					return
				}
				if err := tt.modify(c, in.ID); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestAttributesAreKept(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	for _, err := range []error{
		c.ModifyTerminationProtection(t.Context(), in.ID, true),
		c.ModifyInstanceType(t.Context(), in.ID, "t3.micro"),
		c.ModifyUserData(t.Context(), in.ID, []byte("#!/bin/sh")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	now := c.instance(in.ID)
	if !now.DisableApiTermination || now.Type != "t3.micro" || string(now.UserData) != "#!/bin/sh" {
		t.Errorf("kept %+v", now)
	}
	if strings.Contains(c.lastLine().Detail, "#!") {
		t.Errorf("the history tells the user data: %q", c.lastLine().Detail)
	}
}

func TestAttributesRefuseHostileValues(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	for name, modify := range map[string]func() error{
		"an empty type":            func() error { return c.ModifyInstanceType(t.Context(), in.ID, "") },
		"an over-long type":        func() error { return c.ModifyInstanceType(t.Context(), in.ID, strings.Repeat("t", 1<<20)) },
		"user data over the limit": func() error { return c.ModifyUserData(t.Context(), in.ID, make([]byte, MaxUserData+1)) },
	} {
		t.Run(name, func(t *testing.T) { c.refuses("InvalidParameterValue", modify) })
	}
	if got := fault.CodeOf(c.ModifyTerminationProtection(t.Context(), ident.New("i"), true)); got != "InvalidInstanceID.NotFound" {
		t.Errorf("an instance that never was: %s", got)
	}
}
