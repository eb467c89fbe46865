package engine

import (
	"context"

	"elbow/engine/compute"
)

// ImageDescription is an image with its snapshot and what uses it.
type ImageDescription struct {
	compute.Image
	Snapshot  compute.Snapshot // zero for a base image
	Instances int              // how many instances that are not terminated came from it
	Progress  int              // percent of the wait until it is available: 100 when it is
}

// DescribeImages returns the named images in that order, or all of them, base images
// included, newest first. Faults: InvalidAMIID.Malformed, InvalidAMIID.NotFound. Source:
// EC2 API, DescribeImages.
func (e *Engine) DescribeImages(ctx context.Context, ids ...string) ([]ImageDescription, error) {
	var described []ImageDescription
	err := e.view(ctx, func(tx Tx) error {
		images, err := pick(distinct(ids), tx.Images, func(id string) (compute.Image, error) { return findImage(tx, id) })
		if err != nil {
			return err
		}
		described, err = e.describeImages(tx, images)
		return err
	})
	return described, err
}

func (e *Engine) describeImages(tx Tx, images []compute.Image) ([]ImageDescription, error) {
	snapshots, err := tx.Snapshots()
	if err != nil {
		return nil, err
	}
	byID := make(map[string]compute.Snapshot, len(snapshots))
	for _, s := range snapshots {
		byID[s.ID] = s
	}
	instances, err := tx.Instances()
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, in := range instances {
		if in.Goal != compute.Terminate {
			count[in.ImageID]++
		}
	}
	now := e.now()
	described := make([]ImageDescription, len(images))
	for i, image := range images {
		described[i] = ImageDescription{
			Image: image, Snapshot: byID[image.SnapshotID], Instances: count[image.ID], Progress: e.progress(image, now),
		}
	}
	return described, nil
}

// pick finds the ids one by one, in their order, or everything when there are none.
func pick[T any](ids []string, all func() ([]T, error), find func(id string) (T, error)) ([]T, error) {
	if len(ids) == 0 {
		return all()
	}
	found := make([]T, len(ids))
	for i, id := range ids {
		one, err := find(id)
		if err != nil {
			return nil, err
		}
		found[i] = one
	}
	return found, nil
}
