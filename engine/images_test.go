package engine

import (
	"strings"
	"testing"
	"time"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

func TestAnImageIsPendingWithItsSnapshot(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	tags := map[string]string{"Name": "golden"}
	id, err := c.CreateImage(t.Context(), CreateImageInput{InstanceID: in.ID, Name: "image1", Description: "first", NoReboot: true, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.DescribeImages(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	d := list[0]
	if d.Name != "image1" || d.Description != "first" || d.State != compute.ImagePending || d.SourceInstanceID != in.ID || !d.NoReboot || d.Tags["Name"] != "golden" {
		t.Errorf("the image is %+v", d.Image)
	}
	s := d.Snapshot
	if s.ID != d.SnapshotID || s.State != compute.SnapshotPending || s.VolumeID != in.RootVolumeID || s.Tags["Name"] != "golden" {
		t.Errorf("the snapshot is %+v", s)
	}
	if want := "Created by CreateImage(" + in.ID + ") for " + id; s.Description != want {
		t.Errorf("the snapshot says %q, want %q", s.Description, want)
	}
	if line := c.lastLine(); line.Operation != "CreateImage" || line.Resource != in.ID+","+id {
		t.Errorf("the history says %+v", line)
	}
}

func TestCreateImageRefuses(t *testing.T) {
	c := newCloud(t)
	stopped, gone, pending := c.inState(compute.Stopped), c.inState(compute.Terminated), c.inState(compute.Pending)
	taken := c.image()
	for _, tt := range []struct {
		name string
		in   CreateImageInput
		code string
	}{
		{"a name in use", CreateImageInput{InstanceID: stopped.ID, Name: taken.Name}, "InvalidAMIName.Duplicate"},
		{"an empty name", CreateImageInput{InstanceID: stopped.ID}, "InvalidAMIName.Malformed"},
		{"a name with HTML", CreateImageInput{InstanceID: stopped.ID, Name: "<b>image</b>"}, "InvalidAMIName.Malformed"},
		{"a name with control characters", CreateImageInput{InstanceID: stopped.ID, Name: "image\x00"}, "InvalidAMIName.Malformed"},
		{"an over-long name", CreateImageInput{InstanceID: stopped.ID, Name: strings.Repeat("a", 129)}, "InvalidAMIName.Malformed"},
		{"an instance that is terminated", CreateImageInput{InstanceID: gone.ID, Name: "image1"}, "IncorrectInstanceState"},
		{"an instance that is pending", CreateImageInput{InstanceID: pending.ID, Name: "image1"}, "IncorrectInstanceState"},
		{"an instance that never was", CreateImageInput{InstanceID: ident.New("i"), Name: "image1"}, "InvalidInstanceID.NotFound"},
		{"no instance", CreateImageInput{Name: "image1"}, "InvalidInstanceID.Malformed"},
		{"a reserved tag", CreateImageInput{InstanceID: stopped.ID, Name: "image1", Tags: map[string]string{"AWS:x": ""}}, "InvalidParameterValue"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.refuses(tt.code, func() error {
				id, err := c.CreateImage(t.Context(), tt.in)
				if id != "" {
					t.Errorf("a refused image has the id %s", id)
				}
				return err
			})
		})
	}
}

func TestDeregisteringKeepsTheSnapshotUnlessAskedOtherwise(t *testing.T) {
	for _, deleteSnapshot := range []bool{false, true} {
		c := newCloud(t)
		image := c.image()
		if err := c.DeregisterImage(t.Context(), image.ID, deleteSnapshot); err != nil {
			t.Fatal(err)
		}
		if _, err := c.DescribeImages(t.Context(), image.ID); fault.CodeOf(err) != "InvalidAMIID.NotFound" {
			t.Errorf("a deregistered image is described: %v", err)
		}
		_, err := c.DescribeSnapshots(t.Context(), image.SnapshotID)
		if gone := fault.CodeOf(err) == "InvalidSnapshot.NotFound"; gone != deleteSnapshot {
			t.Errorf("snapshot to delete %t, then %v", deleteSnapshot, err)
		}
	}
}

func TestDeregisterImageRefuses(t *testing.T) {
	c := newCloud(t)
	base := c.image(func(i *compute.Image) { i.Base, i.SnapshotID = "al2023", "" })
	pending := c.image(func(i *compute.Image) { i.State = compute.ImagePending })
	booting := c.inState(compute.Pending)
	theirs := compute.Image{ID: ident.New("ami"), Name: "theirs"}
	c.in(elsewhere(), func(tx Tx) error { return tx.PutImage(theirs) })
	for _, tt := range []struct{ name, id, code string }{
		{"a base image", base.ID, "AuthFailure"},
		{"an image being made", pending.ID, "InvalidAMIID.Unavailable"},
		{"an image being copied to a new instance", booting.ImageID, "DependencyViolation"},
		{"another account's image", theirs.ID, "InvalidAMIID.NotFound"},
		{"an image that never was", ident.New("ami"), "InvalidAMIID.NotFound"},
		{"no image", "", "MissingParameter"},
		{"HTML", "<ami>", "InvalidAMIID.Malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.refuses(tt.code, func() error { return c.DeregisterImage(t.Context(), tt.id, true) })
		})
	}
}

func TestImagesCountTheirInstancesAndNotTheTerminatedOnes(t *testing.T) {
	c := newCloud(t)
	in := c.launched()
	ended := c.launched(func(l *RunInstancesInput) { l.ImageID = in.ImageID })
	if _, err := c.TerminateInstances(t.Context(), ended.ID); err != nil {
		t.Fatal(err)
	}
	list, err := c.DescribeImages(t.Context(), in.ImageID)
	if err != nil || list[0].Instances != 1 || list[0].Progress != 100 {
		t.Errorf("described %+v, %v", list, err)
	}
}

func TestProgressFollowsTheCloudsOwnClock(t *testing.T) {
	c := newCloud(t)
	c.pace.Set(2) // the wait takes half as long on the wall clock
	begun := time.Now()
	for _, tt := range []struct {
		name  string
		state compute.ImageState
		after time.Duration
		want  int
	}{
		{"just begun", compute.ImagePending, 0, 0},
		{"half way", compute.ImagePending, compute.CaptureWait / 4, 50},
		{"never complete while pending", compute.ImagePending, time.Hour, 99},
		{"a clock that went back", compute.ImagePending, -time.Hour, 0},
		{"available", compute.ImageAvailable, 0, 100},
		{"failed", compute.ImageFailed, time.Hour, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			image := compute.Image{State: tt.state, CreatedAt: begun}
			if got := c.progress(image, begun.Add(tt.after)); got != tt.want {
				t.Errorf("%d %%, want %d", got, tt.want)
			}
		})
	}
}
