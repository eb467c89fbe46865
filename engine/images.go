package engine

import (
	"context"
	"maps"
	"time"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// rootVolumeGiB is the size of every root volume, as AWS's Amazon Linux has it.
const rootVolumeGiB = 8

// CreateImageInput is what CreateImage takes.
type CreateImageInput struct {
	InstanceID  string
	Name        string            // 3 to 128 characters, unique
	Description string            // at most 255 characters
	NoReboot    bool              // copy while the instance goes on running
	Tags        map[string]string // of the image and of its snapshot
}

// CreateImage makes an image of a running or stopped instance as it is at this moment,
// with the snapshot behind it. Both are pending until the copy is taken and the cloud's
// time for it, compute.CaptureWait, is over. Faults: InvalidInstanceID.*,
// IncorrectInstanceState, InvalidAMIName.Malformed, InvalidAMIName.Duplicate. Source:
// EC2 API, CreateImage.
func (e *Engine) CreateImage(ctx context.Context, in CreateImageInput) (imageID string, err error) {
	imageID = ident.New("ami")
	err = e.do(ctx, "CreateImage", "name "+in.Name, func(c *change) error {
		c.aboutAsked([]string{in.InstanceID})
		source, err := e.imageSource(c, in)
		if err != nil {
			return err
		}
		c.about(imageID)
		return putNewImage(c, imageID, source, in)
	})
	if err != nil {
		return "", err
	}
	return imageID, nil
}

// imageSource is the instance to copy, once everything about the request is in order.
func (e *Engine) imageSource(c *change, in CreateImageInput) (compute.Instance, error) {
	source, err := findInstance(c, in.InstanceID)
	if err != nil {
		return source, err
	}
	if err := compute.ValidImageName(in.Name); err != nil {
		return source, err
	}
	if err := compute.ValidImageDescription(in.Description); err != nil {
		return source, err
	}
	if err := ValidateTags(in.Tags); err != nil {
		return source, err
	}
	if err := may(compute.ActionCreateImage, source, e.stateOf(source)); err != nil {
		return source, err
	}
	return source, imageNameFree(c, in.Name)
}

func imageNameFree(tx Tx, name string) error {
	images, err := tx.Images()
	if err != nil {
		return err
	}
	for _, image := range images {
		if image.Name == name {
			return fault.New(fault.Conflict, "InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, image.ID).In("name")
		}
	}
	return nil
}

func putNewImage(c *change, id string, source compute.Instance, in CreateImageInput) error {
	snap := compute.Snapshot{
		ID: ident.New("snap"), VolumeID: source.RootVolumeID, State: compute.SnapshotPending, SizeGiB: rootVolumeGiB,
		Description: "Created by CreateImage(" + source.ID + ") for " + id,
		StartedAt:   c.at, Tags: maps.Clone(in.Tags),
	}
	if err := c.PutSnapshot(snap); err != nil {
		return err
	}
	c.touch("image", id)
	c.touch("snapshot", snap.ID)
	return c.PutImage(compute.Image{
		ID: id, Name: in.Name, Description: in.Description, State: compute.ImagePending, SourceInstanceID: source.ID,
		SnapshotID: snap.ID, NoReboot: in.NoReboot, CreatedAt: c.at, Tags: maps.Clone(in.Tags),
	})
}

// DeregisterImage makes an image unusable for launches, and deletes its snapshot in the
// same step when asked; instances launched from it are unaffected. Faults:
// InvalidAMIID.*, AuthFailure for a base image. Source: EC2 API, DeregisterImage.
func (e *Engine) DeregisterImage(ctx context.Context, id string, deleteSnapshot bool) error {
	var snapshotID string
	err := e.do(ctx, "DeregisterImage", "", func(c *change) error {
		c.aboutAsked([]string{id})
		image, err := findImage(c, id)
		if err != nil {
			return err
		}
		if err := e.deregistrable(c, image); err != nil {
			return err
		}
		snapshotID = image.SnapshotID
		c.touch("image", image.ID)
		c.touch("snapshot", snapshotID)
		if err := c.DeleteImage(image.ID); err != nil || !deleteSnapshot {
			return err
		}
		c.about(snapshotID)
		return c.DeleteSnapshot(snapshotID)
	})
	if err == nil && deleteSnapshot {
		e.removeSnapshotFiles(ctx, snapshotID)
	}
	return err
}

// deregistrable refuses what is not the account's own, and an image whose files are still
// being copied, to it or from it: an instance that boots for the first time needs them.
func (e *Engine) deregistrable(tx Tx, image compute.Image) error {
	if image.Base != "" {
		return fault.New(fault.Forbidden, "AuthFailure", "Not authorized for image:%s. It is not your own.", image.ID)
	}
	if image.State == compute.ImagePending {
		return fault.New(fault.Forbidden, "InvalidAMIID.Unavailable", "The image ID '%s' is pending. Wait until it is available, then deregister it.", image.ID)
	}
	all, err := tx.Instances()
	if err != nil {
		return err
	}
	for _, in := range all {
		if in.ImageID == image.ID && in.Goal != compute.Terminate && !e.fleet.Furnished(in.ID) {
			return fault.New(fault.Conflict, "DependencyViolation", "The image '%s' is being copied to the instance '%s'. Wait until it is running.", image.ID, in.ID)
		}
	}
	return nil
}

// findImage finds one image, or says in AWS's words that there is none.
func findImage(tx Tx, id string) (compute.Image, error) {
	if id == "" {
		return compute.Image{}, fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter ImageId. Choose an AMI.").In("image_id")
	}
	if !ident.Valid("ami", id) {
		return compute.Image{}, fault.New(fault.Invalid, "InvalidAMIID.Malformed", `Invalid id: "%s" (expecting "ami-...")`, shown(id)).In("image_id")
	}
	image, ok, err := tx.FindImage(id)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id).In("image_id")
	}
	return image, err
}

// progress is how much of the wait for an image is over, in percent: 100 only once it is
// available, and 0 when it failed.
func (e *Engine) progress(image compute.Image, now time.Time) int {
	switch image.State {
	case compute.ImageAvailable:
		return 100
	case compute.ImagePending:
		wait := e.pace.Scale(compute.CaptureWait)
		return int(100 * min(max(float64(now.Sub(image.CreatedAt))/float64(max(wait, 1)), 0), 0.99))
	}
	return 0
}
