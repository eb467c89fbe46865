package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// image stores an available image of the account's own and returns it.
func (c cloud) image(edits ...func(*compute.Image)) compute.Image {
	c.t.Helper()
	snap := compute.Snapshot{ID: ident.New("snap"), State: compute.SnapshotCompleted, SizeGiB: 8, StartedAt: c.now()}
	image := compute.Image{ID: ident.New("ami"), State: compute.ImageAvailable, SnapshotID: snap.ID, CreatedAt: c.now()}
	image.Name = "image " + image.ID
	for _, edit := range edits {
		edit(&image)
	}
	c.in(c.scope, func(tx Tx) error {
		if err := tx.PutSnapshot(snap); err != nil {
			return err
		}
		return tx.PutImage(image)
	})
	return image
}

// instance finds the record as it is stored.
func (c cloud) instance(id string) compute.Instance {
	c.t.Helper()
	var in compute.Instance
	c.in(c.scope, func(tx Tx) (err error) {
		in, err = findInstance(tx, id)
		return err
	})
	return in
}

// launched launches one instance and returns its record.
func (c cloud) launched(edits ...func(*RunInstancesInput)) compute.Instance {
	c.t.Helper()
	in := RunInstancesInput{ImageID: c.image().ID, Count: 1, AssociatePublicIP: true}
	for _, edit := range edits {
		edit(&in)
	}
	made, err := c.RunInstances(c.t.Context(), in)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.instance(made.InstanceIDs[0])
}

func TestTheKeyChosenAtLaunchIsGivenThoughTheKeyPairIsDeletedOrReplaced(t *testing.T) {
	c := newCloud(t)
	first, err := c.CreateKeyPair(t.Context(), CreateKeyPairInput{Name: "key", Type: KeyED25519})
	if err != nil {
		t.Fatal(err)
	}
	in := c.launched(func(l *RunInstancesInput) { l.KeyName = "key" })
	if err := c.DeleteKeyPair(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateKeyPair(t.Context(), CreateKeyPairInput{Name: "key", Type: KeyED25519}); err != nil {
		t.Fatal(err)
	}
	w, err := c.kept.World(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := w.source(step{scope: c.scope, instance: in}).PublicKey; got != first.PublicKey {
		t.Errorf("the first boot gives the key %q, want %q", got, first.PublicKey)
	}
}

func TestALaunchMakesWholeInstances(t *testing.T) {
	c := newCloud(t)
	image := c.image()
	made, err := c.RunInstances(t.Context(), RunInstancesInput{
		ImageID: image.ID, Count: 3, AssociatePublicIP: true, UserData: []byte("#!/bin/sh"),
		Tags: map[string]string{"Name": "web"}, DisableApiTermination: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[netip.Addr]bool{}
	for i, id := range made.InstanceIDs {
		in := c.instance(id)
		if in.ReservationID != made.ID || in.LaunchIndex != i || in.Goal != compute.Run || in.Boots != 1 || in.LaunchTime.IsZero() {
			t.Errorf("instance %d is %+v", i, in)
		}
		if in.Type != compute.DefaultType || in.ShutdownBehavior != ShutdownStop || !in.DisableApiTermination || in.Name() != "web" || string(in.UserData) != "#!/bin/sh" {
			t.Errorf("instance %d was asked for otherwise: %+v", i, in)
		}
		if in.Interface.InstanceID != id || !slices.Equal(in.Interface.Groups, []string{c.defaultGroupID()}) || in.Interface.SubnetID != c.subnets()[0].ID {
			t.Errorf("instance %d has the interface %+v", i, in.Interface)
		}
		seen[in.Interface.PrivateIP], seen[in.Interface.PublicIP] = true, true
	}
	if len(made.InstanceIDs) != 3 || len(seen) != 6 {
		t.Errorf("%d instances with %d addresses, want 3 with 6", len(made.InstanceIDs), len(seen))
	}
	if line := c.lastLine(); line.Operation != "RunInstances" || line.Result != "Success" || line.Resource != joined(made.InstanceIDs) {
		t.Errorf("the history says %+v", line)
	}
	if problems := CheckWorld(World{Scopes: []ScopedWorld{c.world()}}); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestALaunchWithoutAPublicAddressGetsNone(t *testing.T) {
	c := newCloud(t)
	in := c.launched(func(in *RunInstancesInput) { in.AssociatePublicIP = false })
	if in.Interface.PublicIP.IsValid() || in.AutoPublicIP || !in.Interface.PrivateIP.IsValid() {
		t.Errorf("got %+v", in.Interface)
	}
}

func TestALaunchMakesItsNewGroupInTheSameStep(t *testing.T) {
	c := newCloud(t)
	http := network.Rule{Direction: network.Ingress, Protocol: network.TCP, FromPort: 80, ToPort: 80, Prefix: netip.MustParsePrefix("0.0.0.0/0")}
	wizard := &CreateSecurityGroupInput{Name: "launch-wizard-1", Description: "made by the launch page", Rules: []network.Rule{http}}
	in := c.launched(func(in *RunInstancesInput) { in.NewGroup = wizard })
	groups := c.world().Groups
	at := slices.IndexFunc(groups, func(g network.SecurityGroup) bool { return g.Name == "launch-wizard-1" })
	if at < 0 || !slices.Equal(in.Interface.Groups, []string{groups[at].ID}) {
		t.Fatalf("groups %+v, the instance wears %v", groups, in.Interface.Groups)
	}
	c.refuses("InvalidSubnetID.NotFound", func() error {
		_, err := c.RunInstances(t.Context(), RunInstancesInput{
			ImageID: c.images()[0].ID, Count: 1, SubnetID: ident.New("subnet"),
			NewGroup: &CreateSecurityGroupInput{Name: "launch-wizard-2", Description: "never made"},
		})
		return err
	})
}

// images are the stored ones.
func (c cloud) images() []compute.Image { return c.world().Images }

func TestALaunchRefusesWhatItCannotMake(t *testing.T) {
	c := newCloud(t)
	good := c.image()
	pending := c.image(func(i *compute.Image) { i.State = compute.ImagePending })
	theirs := compute.Image{ID: ident.New("ami"), Name: "theirs", State: compute.ImageAvailable}
	c.in(elsewhere(), func(tx Tx) error { return tx.PutImage(theirs) })
	foreign := c.anotherAccountsGroup()
	for _, tt := range []struct {
		name  string
		edit  func(*RunInstancesInput)
		code  string
		field string
	}{
		{"no instance at all", func(in *RunInstancesInput) { in.Count = 0 }, "InvalidParameterValue", "count"},
		{"fewer than none", func(in *RunInstancesInput) { in.Count = -1 }, "InvalidParameterValue", "count"},
		{"one more than the most", func(in *RunInstancesInput) { in.Count = 21 }, "InvalidParameterValue", "count"},
		{"no image", func(in *RunInstancesInput) { in.ImageID = "" }, "MissingParameter", "image_id"},
		{"an image id with HTML", func(in *RunInstancesInput) { in.ImageID = "<b>ami</b>" }, "InvalidAMIID.Malformed", "image_id"},
		{"an over-long image id", func(in *RunInstancesInput) { in.ImageID = "ami-" + strings.Repeat("0", 1<<20) }, "InvalidAMIID.Malformed", "image_id"},
		{"an image that never was", func(in *RunInstancesInput) { in.ImageID = ident.New("ami") }, "InvalidAMIID.NotFound", "image_id"},
		{"another account's image", func(in *RunInstancesInput) { in.ImageID = theirs.ID }, "InvalidAMIID.NotFound", "image_id"},
		{"an image that is still pending", func(in *RunInstancesInput) { in.ImageID = pending.ID }, "InvalidAMIID.Unavailable", "image_id"},
		{"a type that is not offered", func(in *RunInstancesInput) { in.Type = "t9.huge" }, "InvalidParameterValue", "type"},
		{"a type with control characters", func(in *RunInstancesInput) { in.Type = "t2.micro\x00" }, "InvalidParameterValue", "type"},
		{"a key pair that never was", func(in *RunInstancesInput) { in.KeyName = "lost" }, "InvalidKeyPair.NotFound", "key_name"},
		{"a subnet that never was", func(in *RunInstancesInput) { in.SubnetID = ident.New("subnet") }, "InvalidSubnetID.NotFound", "subnet_id"},
		{"another account's group", func(in *RunInstancesInput) { in.GroupIDs = []string{foreign} }, "InvalidGroup.NotFound", "group_ids"},
		{"a malformed group id", func(in *RunInstancesInput) { in.GroupIDs = []string{"launch-wizard-1"} }, "InvalidGroupId.Malformed", "group_ids"},
		{"user data over the limit", func(in *RunInstancesInput) { in.UserData = make([]byte, MaxUserData+1) }, "InvalidParameterValue", "user_data"},
		{"an unknown shutdown behavior", func(in *RunInstancesInput) { in.ShutdownBehavior = "explode" }, "InvalidParameterValue", "shutdown_behavior"},
		{"a reserved tag", func(in *RunInstancesInput) { in.Tags = map[string]string{"aws:x": "1"} }, "InvalidParameterValue", "tags"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := RunInstancesInput{ImageID: good.ID, Count: 1, AssociatePublicIP: true}
			tt.edit(&in)
			c.refuses(tt.code, func() error {
				made, err := c.RunInstances(t.Context(), in)
				if f, _ := fault.Of(err); f != nil && f.Field != tt.field {
					t.Errorf("the fault is at the field %q, want %q", f.Field, tt.field)
				}
				if len(made.InstanceIDs) > 0 {
					t.Errorf("a refused launch names %v", made.InstanceIDs)
				}
				return err
			})
		})
	}
}

func TestTheQuotaCountsWhatRunsAndRefusesTheWholeLaunch(t *testing.T) {
	c := newCloud(t)
	c.in(c.scope, func(tx Tx) error {
		for i := range MaxRunningInstances - 2 {
			ip := netip.AddrFrom4([4]byte{172, 31, byte(i / 250), byte(4 + i%250)})
			in := compute.Instance{ID: ident.New("i"), Goal: compute.Run, Interface: network.Interface{PrivateIP: ip}}
			if err := tx.PutInstance(in); err != nil {
				return err
			}
		}
		stopped := compute.Instance{ID: ident.New("i"), Goal: compute.Stop, Interface: network.Interface{PrivateIP: netip.MustParseAddr("172.31.9.9")}}
		return tx.PutInstance(stopped)
	})
	image := c.image()
	c.refuses("InstanceLimitExceeded", func() error {
		_, err := c.RunInstances(t.Context(), RunInstancesInput{ImageID: image.ID, Count: 3})
		return err
	})
	if _, err := c.RunInstances(t.Context(), RunInstancesInput{ImageID: image.ID, Count: 2}); err != nil {
		t.Errorf("the last two: %v", err)
	}
}

func TestALaunchSharesNothingWithItsInput(t *testing.T) {
	c := newCloud(t)
	tags, script := map[string]string{"Name": "web"}, []byte("#!/bin/sh")
	in := c.launched(func(in *RunInstancesInput) { in.Tags, in.UserData = tags, script })
	tags["Name"], script[0] = "changed", '?'
	if kept := c.instance(in.ID); kept.Name() != "web" || string(kept.UserData) != "#!/bin/sh" {
		t.Errorf("kept %q and %q", kept.Name(), kept.UserData)
	}
}
