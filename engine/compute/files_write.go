package compute

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"elbow/engine/fault"
)

// WriteFile replaces a file's content, or makes the file, in one step: whoever reads sees
// the old content or the new. An existing file keeps its mode; a link is written through.
// ifMatch is the ETag of what was opened, NewFile when nothing may be there, or empty to
// write whatever is there; when it does not hold, the fault is FileChanged and nothing
// is written. More bytes than the fleet's limit are refused with FileTooLarge.
func (f *Fleet) WriteFile(id, name string, r io.Reader, ifMatch string) error {
	root, at, err := f.locate(id, name, true)
	if err != nil {
		return err
	}
	if err := writable(at, name, ifMatch); err != nil {
		return err
	}
	tmp := f.temp(f.instances())
	defer os.Remove(tmp) // gone already once it has been put in place
	if err := f.receive(tmp, name, r, modeFor(at)); err != nil {
		return err
	}
	if m, ok := f.find(id); ok {
		m.writing.Lock()
		defer m.writing.Unlock()
	}
	// The content came from a slow network perhaps: look again before it takes the place.
	if at, err = resolve(root, name, true); err != nil {
		return pathFault(err, name)
	}
	if err := writable(at, name, ifMatch); err != nil {
		return err
	}
	return pathFault(putInPlace(root, tmp, at.name), name)
}

// writable refuses a place that cannot become a file, or that has changed since it was seen.
func writable(at place, name, ifMatch string) error {
	if at.info == nil {
		switch {
		case at.name == "." || strings.HasSuffix(name, "/"):
			return malformedPath(name)
		case ifMatch != "" && ifMatch != NewFile:
			return fault.New(fault.Conflict, "FileChanged", "%q was deleted since you opened it. Save it under another name or reload.", name).In("path")
		}
		return nil
	}
	switch {
	case at.info.IsDir():
		return isDirectory(name)
	case !at.info.Mode().IsRegular():
		return notRegular(name)
	case ifMatch == NewFile:
		return pathFault(fs.ErrExist, name)
	case ifMatch != "" && ifMatch != etag(at.info):
		return fault.New(fault.Conflict, "FileChanged", "%q was changed by someone else since you opened it. Reload it before you save.", name).In("path")
	}
	return nil
}

func modeFor(at place) fs.FileMode {
	if at.info == nil {
		return 0o644
	}
	return at.info.Mode() & keptMode
}

// receive writes what comes to a file outside the machine, where nobody sees it half done.
func (f *Fleet) receive(tmp, name string, r io.Reader, mode fs.FileMode) error {
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return pathFault(err, name)
	}
	n, err := io.Copy(out, io.LimitReader(r, f.maxUpload+1))
	if err == nil && n > f.maxUpload {
		err = fault.New(fault.Limit, "FileTooLarge", "%q has more than %d bytes, the most that can be uploaded.", name, f.maxUpload).In("path")
	}
	if err == nil {
		err = out.Chmod(mode)
	}
	if err == nil {
		err = out.Sync() // the rename must not reach the disk before the content
	}
	return pathFault(errors.Join(err, out.Close()), name)
}

// putInPlace moves a finished file into a machine. The directory is opened through the
// root and named by its descriptor, so that a link swapped in meanwhile leads nowhere.
func putInPlace(root *os.Root, tmp, name string) error {
	dir, err := root.OpenFile(path.Dir(name), os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer dir.Close()
	from, err := os.Open(filepath.Dir(tmp))
	if err != nil {
		return err
	}
	defer from.Close()
	return unix.Renameat(int(from.Fd()), filepath.Base(tmp), int(dir.Fd()), path.Base(name))
}

// Mkdir makes one directory; its parent must exist.
func (f *Fleet) Mkdir(id, name string) error {
	root, at, err := f.locate(id, name, true)
	if err != nil {
		return err
	}
	if at.info != nil {
		return pathFault(fs.ErrExist, name)
	}
	if err := root.Mkdir(at.name, 0o755); err != nil {
		return pathFault(err, name)
	}
	return pathFault(root.Chmod(at.name, 0o755), name)
}

// Remove removes a file, a link (never what it leads to) or a directory with all below it.
func (f *Fleet) Remove(id, name string) error {
	root, at, err := f.existing(id, name, false)
	if err != nil {
		return err
	}
	if at.name == "." {
		return fault.New(fault.Forbidden, "InvalidPath.Denied", "The root directory cannot be removed or renamed.").In("path")
	}
	return pathFault(root.RemoveAll(at.name), name)
}

// Rename moves a file, a link or a directory to a name that is free.
func (f *Fleet) Rename(id, from, to string) error {
	root, source, err := f.existing(id, from, false)
	if err != nil {
		return err
	}
	_, target, err := f.locate(id, to, false)
	switch {
	case err != nil:
		return err
	case source.name == ".":
		return fault.New(fault.Forbidden, "InvalidPath.Denied", "The root directory cannot be removed or renamed.").In("path")
	case target.info != nil:
		return pathFault(fs.ErrExist, to)
	case strings.HasPrefix(target.name+"/", source.name+"/"):
		return fault.New(fault.Invalid, "InvalidPath.Malformed", "%q is inside %q: a directory cannot be moved into itself.", to, from).In("path")
	}
	return pathFault(root.Rename(source.name, target.name), to)
}
