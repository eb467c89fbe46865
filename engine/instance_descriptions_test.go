package engine

import (
	"maps"
	"slices"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

func (c cloud) described(ids ...string) []InstanceDescription {
	c.t.Helper()
	list, err := c.DescribeInstances(c.t.Context(), ids...)
	if err != nil {
		c.t.Fatal(err)
	}
	return list
}

func TestADescriptionNamesEverythingAround(t *testing.T) {
	c := newCloud(t)
	in := c.launched()
	c.in(c.scope, func(tx Tx) error {
		for _, name := range []string{"zeta", "alpha"} {
			b := elb.LoadBalancer{Name: name, Registrations: []elb.Registration{{ID: ident.New("reg"), InstanceID: in.ID}}}
			if err := tx.PutLoadBalancer(b); err != nil {
				return err
			}
		}
		return nil
	})
	d := c.described(in.ID)[0]
	if d.ID != in.ID || d.State != compute.Pending || d.Status.State != compute.Pending || d.StatusSummary != StatusNotApplicable {
		t.Errorf("described %s: %s, %s, %s", d.ID, d.State, d.Status.State, d.StatusSummary)
	}
	if d.ImageName != "image "+in.ImageID || d.AMIGone {
		t.Errorf("its image is %q, gone %t", d.ImageName, d.AMIGone)
	}
	if !maps.Equal(d.GroupNames, map[string]string{c.defaultGroupID(): "default"}) {
		t.Errorf("its groups are %v", d.GroupNames)
	}
	if !slices.Equal(d.LoadBalancers, []string{"alpha", "zeta"}) {
		t.Errorf("its load balancers are %v", d.LoadBalancers)
	}
	if d.PublicDNS != c.publicDNS(in.Interface) || d.PrivateDNS == "" || d.StateReason.Code != "pending" || d.DirectAddress != "" {
		t.Errorf("described %+v", d)
	}
}

func TestADescriptionOutlivesItsImage(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	c.fleet.Stop(in, compute.Source{Base: compute.BaseImages()[0].Dir})
	for !c.fleet.Furnished(in.ID) {
		<-c.moved
	}
	if err := c.DeregisterImage(t.Context(), in.ImageID, true); err != nil {
		t.Fatal(err)
	}
	if d := c.described(in.ID)[0]; !d.AMIGone || d.ImageName != "" {
		t.Errorf("its image is %q, gone %t", d.ImageName, d.AMIGone)
	}
}

func TestATerminatedInstanceIsDescribedWithoutAddresses(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Terminated)
	d := c.described(in.ID)[0]
	if d.State != compute.Terminated || d.PublicDNS != "" || d.PrivateDNS != "" || len(d.GroupNames) != 0 {
		t.Errorf("described %+v", d)
	}
}

func TestDescriptionsComeInTheOrderAskedForAndElseNewestFirst(t *testing.T) {
	c := newCloud(t)
	a, b := c.launched().ID, c.launched().ID
	ids := func(list []InstanceDescription) (ids []string) {
		for _, d := range list {
			ids = append(ids, d.ID)
		}
		return ids
	}
	if got := ids(c.described()); !slices.Equal(got, []string{b, a}) {
		t.Errorf("all: %v, want %v", got, []string{b, a})
	}
	if got := ids(c.described(a, b, a)); !slices.Equal(got, []string{a, b}) {
		t.Errorf("asked for: %v, want %v", got, []string{a, b})
	}
}

func TestDescribingWhatIsNotThereIsRefused(t *testing.T) {
	c := newCloud(t)
	theirs := compute.Instance{ID: ident.New("i")}
	c.in(elsewhere(), func(tx Tx) error { return tx.PutInstance(theirs) })
	for id, code := range map[string]string{
		"":             "InvalidInstanceID.Malformed",
		"<b>":          "InvalidInstanceID.Malformed",
		ident.New("i"): "InvalidInstanceID.NotFound",
		theirs.ID:      "InvalidInstanceID.NotFound",
	} {
		if list, err := c.DescribeInstances(t.Context(), id); fault.CodeOf(err) != code || list != nil {
			t.Errorf("describing %q gives %v, %v, want %s", id, list, err, code)
		}
	}
	if list := c.described(); len(list) != 0 {
		t.Errorf("another account's instance is listed: %v", list)
	}
}

func TestTheStatusSummaryIsOfRunningInstancesOnly(t *testing.T) {
	for _, tt := range []struct {
		state       compute.State
		check, want string
	}{
		{compute.Pending, "ok", StatusNotApplicable},
		{compute.Stopped, "impaired", StatusNotApplicable},
		{compute.Running, "", StatusInitializing},
		{compute.Running, "initializing", StatusInitializing},
		{compute.Running, "ok", StatusOK},
		{compute.Running, "impaired", StatusImpaired},
	} {
		if got := summary(tt.state, tt.check); got != tt.want {
			t.Errorf("%s with the checks %q: %s, want %s", tt.state, tt.check, got, tt.want)
		}
	}
}

func TestActionsSayWhyNot(t *testing.T) {
	d := InstanceDescription{State: compute.Running, Instance: compute.Instance{ID: "i-1", DisableApiTermination: true}}
	for action, want := range map[compute.Action]string{
		compute.ActionStart:        "IncorrectInstanceState", // nothing left to do
		compute.ActionStop:         "",
		compute.ActionReboot:       "",
		compute.ActionTerminate:    "OperationNotPermitted",
		compute.ActionCreateImage:  "",
		compute.ActionChangeType:   "IncorrectInstanceState",
		compute.ActionChangeGroups: "",
	} {
		if got := fault.CodeOf(InstanceActions(d)[action]); got != want {
			t.Errorf("%s of a running, protected instance: %q, want %q", action, got, want)
		}
	}
	if got := AllowedActions(compute.Terminated); len(got) != 0 {
		t.Errorf("a terminated instance allows %v", got)
	}
	if got := AllowedActions(compute.Stopped); !slices.Contains(got, compute.ActionStart) || slices.Contains(got, compute.ActionStop) {
		t.Errorf("a stopped instance allows %v", got)
	}
}
