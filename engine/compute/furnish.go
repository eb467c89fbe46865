package compute

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"elbow/engine/fault"
	"elbow/engine/network"
)

// Where a machine keeps what the cloud gives it.
const (
	authorizedKeys = "home/ec2-user/.ssh/authorized_keys"
	userDataFile   = "var/lib/cloud/instance/user-data.txt"
	hostnameFile   = "etc/hostname"
)

// furnish makes the machine's directory when it is absent, and writes the user data,
// which may have changed while the machine was stopped.
func (f *Fleet) furnish(ctx context.Context, in Instance, src Source) error {
	dir := f.instanceDir(in.ID)
	if !exists(dir) {
		err := f.populate(ctx, dir, src, func(root *os.Root) error { return firstBoot(root, in, src.PublicKey) })
		if err != nil {
			return err
		}
	}
	return fillDirectory(dir, func(root *os.Root) error { return writeUserData(root, in.UserData) })
}

// populate makes a machine's directory from a base image or a snapshot, whole or not at all.
func (f *Fleet) populate(ctx context.Context, dir string, src Source, finish func(*os.Root) error) error {
	tmp := f.temp(f.instances())
	if src.SnapshotID == "" {
		if _, ok := LookupBase(src.Base); !ok {
			return fault.New(fault.NotFound, "InvalidAMIID.NotFound", "The base image %q does not exist.", src.Base)
		}
		return publish(dir, tmp, func(root *os.Root) error {
			if err := layBase(root, src.Base); err != nil {
				return err
			}
			return finish(root)
		})
	}
	if !f.HasSnapshot(src.SnapshotID) {
		return fault.New(fault.NotFound, "InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", src.SnapshotID)
	}
	from, err := os.OpenRoot(f.snapshotDir(src.SnapshotID))
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = Clone(ctx, dir, tmp, from, false, finish)
	return err
}

// firstBoot gives a new machine its name and the launch key. An image brings the keys of
// the instance that it was made from; the new one is added to them, as at AWS.
func firstBoot(root *os.Root, in Instance, publicKey string) error {
	if err := writeFresh(root, hostnameFile, []byte(hostname(in.Interface)+"\n"), 0o644); err != nil {
		return err
	}
	if publicKey = strings.TrimSpace(publicKey); publicKey == "" {
		return nil
	}
	keys, err := root.ReadFile(authorizedKeys)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(keys)) {
		if strings.TrimSpace(line) == publicKey {
			return nil
		}
	}
	if len(keys) > 0 && !bytes.HasSuffix(keys, []byte("\n")) {
		keys = append(keys, '\n')
	}
	return writeFresh(root, authorizedKeys, append(keys, publicKey+"\n"...), 0o600)
}

// hostname is the machine's private DNS name; the Region is its zone without the letter.
func hostname(eni network.Interface) string {
	if !eni.PrivateIP.IsValid() {
		return "localhost.localdomain"
	}
	return network.PrivateName(eni.PrivateIP, strings.TrimRight(eni.AvailabilityZone, "abcdefgh"))
}

// writeUserData stores the user data for the machine to read, readable by its owner
// alone: it often holds secrets. Without any, none is left of an image's.
func writeUserData(root *os.Root, data []byte) error {
	if len(data) == 0 {
		err := root.Remove(userDataFile)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return nil
		}
		return err
	}
	if old, err := root.ReadFile(userDataFile); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return writeFresh(root, userDataFile, data, 0o600)
}

// writeFresh puts a new file in the place of whatever has the name: a link left there by
// an image's maker is replaced, not written through.
func writeFresh(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.RemoveAll(name); err != nil {
		return err
	}
	if err := root.WriteFile(name, content, mode); err != nil {
		return err
	}
	return root.Chmod(name, mode)
}
