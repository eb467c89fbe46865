package compute

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

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
		err := f.populate(ctx, dir, src, func(root *os.Root) error {
			return errors.Join(
				f.unlessObstructed(in.ID, writeHostname(root, in)),
				f.unlessObstructed(in.ID, writeKey(root, src.PublicKey)))
		})
		if err != nil {
			return err
		}
	}
	err := fillDirectory(dir, func(root *os.Root) error { return writeUserData(root, in.UserData) })
	return f.unlessObstructed(in.ID, err)
}

// unlessObstructed lets a boot go on without what cannot be laid down because a person, or
// an image's maker, put something in its place: as at AWS the machine comes up, and there
// it can be put right. What is wrong with the host's disk is not passed over.
func (f *Fleet) unlessObstructed(id string, err error) error {
	for _, disk := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, disk) {
			return err
		}
	}
	if err != nil {
		f.log.Warn("a file of the cloud's could not be written", "instance", id, "err", err)
	}
	return nil
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

// maxKeys is the most of an authorized_keys file, in bytes, that is kept at a first boot.
const maxKeys = 1 << 20

func writeHostname(root *os.Root, in Instance) error {
	return writeFresh(root, hostnameFile, []byte(hostname(in.Interface)+"\n"), 0o644)
}

// writeKey gives a new machine the launch key. An image brings the keys of the instance
// that it was made from; the new one is added to them, as at AWS.
func writeKey(root *os.Root, publicKey string) error {
	if publicKey = strings.TrimSpace(publicKey); publicKey == "" {
		return nil
	}
	keys, err := readSmall(root, authorizedKeys, maxKeys)
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
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if old, err := readSmall(root, userDataFile, int64(len(data))); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return writeFresh(root, userDataFile, data, 0o600)
}

// readSmall reads a regular file of at most most bytes; anything else is refused without
// waiting for it.
func readSmall(root *os.Root, name string, most int64) ([]byte, error) {
	f, info, err := openRegular(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > most {
		return nil, &fs.PathError{Op: "read", Path: name, Err: syscall.EFBIG}
	}
	return io.ReadAll(io.LimitReader(f, most))
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
