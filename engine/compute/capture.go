package compute

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"elbow/engine/fault"
)

// CaptureWait is how long, in the cloud's time, an image stays pending after its copy is
// complete. The copy itself is taken at once, so that it is of the moment of the request.
const CaptureWait = 12 * time.Second

// CaptureImage takes a point-in-time copy of an instance's files, enabled services
// included, and publishes it as the snapshot, durable and whole or not at all. With reboot
// a running instance's services are stopped for the copy, and those that boot starts are
// started after it. It returns the bytes of the files; for a snapshot that is there
// already it does nothing else. Without a directory for the instance the fault is
// InvalidInstanceID.NotFound.
func (f *Fleet) CaptureImage(ctx context.Context, instanceID, snapshotID string, reboot bool) (int64, error) {
	if !safeID(instanceID) || !safeID(snapshotID) {
		return 0, fault.New(fault.Invalid, "InvalidParameterValue", "Value (%s, %s) is no pair of an instance and a snapshot.", instanceID, snapshotID)
	}
	if f.HasSnapshot(snapshotID) {
		return treeSize(f.snapshotDir(snapshotID))
	}
	m, known := f.find(instanceID)
	if !known {
		return f.capture(ctx, instanceID, snapshotID)
	}
	if err := m.takeBefore(ctx); err != nil {
		return 0, err
	}
	defer m.yield()
	_, super, up := m.up()
	if !up || !reboot {
		return f.capture(ctx, instanceID, snapshotID)
	}
	super.stopAll(ctx)
	defer m.again() // the status checks begin anew, as after any reboot
	defer super.startEnabled()
	return f.capture(ctx, instanceID, snapshotID)
}

// capture copies the directory. The machine's turn is held, if there is a machine.
func (f *Fleet) capture(ctx context.Context, instanceID, snapshotID string) (int64, error) {
	src, err := os.OpenRoot(f.instanceDir(instanceID))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fault.New(fault.NotFound, "InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", instanceID)
	}
	if err != nil {
		return 0, err
	}
	defer src.Close()
	f.mu.Lock()
	f.captured[snapshotID] = true
	f.mu.Unlock()
	n, err := Clone(ctx, f.snapshotDir(snapshotID), f.temp(f.snapshots()), src, true, nil)
	if err != nil && f.HasSnapshot(snapshotID) {
		return treeSize(f.snapshotDir(snapshotID)) // another capture of the same was first
	}
	if err != nil {
		return 0, fmt.Errorf("copying instance %s: %w", instanceID, err)
	}
	return n, nil
}

// treeSize is the sum of the sizes of the regular files below a directory, in bytes.
func treeSize(dir string) (total int64, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) {
			return nil // an unprivileged process counts what it may see
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// HasSnapshot reports whether the snapshot's copy is complete.
func (f *Fleet) HasSnapshot(id string) bool { return safeID(id) && exists(f.snapshotDir(id)) }

// RemoveSnapshot removes a snapshot's copy; one that does not exist is removed already.
// Instances launched from it have copies of their own.
func (f *Fleet) RemoveSnapshot(id string) error {
	if !safeID(id) {
		return fault.New(fault.Invalid, "InvalidSnapshotID.Malformed", "Invalid id: %q.", id)
	}
	f.mu.Lock()
	delete(f.captured, id)
	f.mu.Unlock()
	return f.discard(f.snapshotDir(id))
}

// discard removes a directory in two steps, so that it is whole or gone for everybody
// else and for the next process.
func (f *Fleet) discard(dir string) error {
	tmp := f.temp(f.instances())
	err := os.Rename(dir, tmp)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return removeTree(tmp)
}

// Sweep removes every directory that is neither owned by one of the given instances and
// snapshots nor in use by this process: what a crash left behind. What cannot be removed
// is logged and left for the next sweep.
func (f *Fleet) Sweep(instances, snapshots []string) {
	f.sweep(f.instances(), func(id string) bool {
		_, known := f.find(id)
		return known || slices.Contains(instances, id)
	})
	f.sweep(f.snapshots(), func(id string) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.captured[id] || slices.Contains(snapshots, id)
	})
}

func (f *Fleet) sweep(dir string, owned func(id string) bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.log.Error("sweep failed", "err", err)
		return
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, tempPrefix+f.run) || owned(name) {
			continue
		}
		if err := removeTree(dir + string(os.PathSeparator) + name); err != nil {
			f.log.Error("leftover not removed", "name", name, "err", err)
		}
	}
}
