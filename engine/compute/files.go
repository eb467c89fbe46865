package compute

import (
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"elbow/engine/fault"
)

// maxPath is the longest path, in bytes, that a machine understands, as in Linux.
const maxPath = 4095

// NewFile, given to WriteFile as the tag of what was opened, says that nothing was: the
// file must not exist yet.
const NewFile = "new"

// File is what a machine's file system says of one name.
type File struct {
	Name    string // last part of Path; "/" for the root
	Path    string // absolute inside the machine
	Dir     bool   // a directory, or a link that leads to one
	Symlink string // what a symbolic link holds, empty for anything else
	Size    int64  // bytes; of what a link leads to
	Mode    fs.FileMode
	ModTime time.Time
	ETag    string // changes whenever the content does; empty for a directory
}

// inside is the machine's file system, which can be reached only while it is running.
func (f *Fleet) inside(id string) (*os.Root, error) {
	m, ok := f.find(id)
	if !ok {
		return nil, f.notRunning(id)
	}
	root, _, up := m.up()
	if !up {
		return nil, f.notRunning(id)
	}
	return root, nil
}

// locate follows a path inside a running machine. It refuses what no file system takes.
func (f *Fleet) locate(id, name string, followLast bool) (*os.Root, place, error) {
	root, err := f.inside(id)
	if err != nil {
		return nil, place{}, err
	}
	if strings.ContainsRune(name, 0) {
		return nil, place{}, malformedPath(name)
	}
	if len(name) > maxPath {
		return nil, place{}, pathFault(syscall.ENAMETOOLONG, name)
	}
	at, err := resolve(root, name, followLast)
	return root, at, pathFault(err, name)
}

// existing is locate for what must be there.
func (f *Fleet) existing(id, name string, followLast bool) (*os.Root, place, error) {
	root, at, err := f.locate(id, name, followLast)
	if err == nil && at.info == nil {
		err = pathFault(fs.ErrNotExist, name)
	}
	return root, at, err
}

// List gives the entries of a directory, directories first, each group by name. Links are
// described by what they lead to, where that exists.
func (f *Fleet) List(id, dir string) ([]File, error) {
	root, at, err := f.existing(id, dir, true)
	if err != nil {
		return nil, err
	}
	if !at.info.IsDir() {
		return nil, notDirectory(dir)
	}
	d, err := root.OpenFile(at.name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, pathFault(err, dir)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, pathFault(err, dir)
	}
	list := make([]File, 0, len(names))
	for _, name := range names {
		if file, err := describe(root, path.Join("/", path.Clean("/"+dir), name)); err == nil {
			list = append(list, file) // an entry removed since then is none
		}
	}
	slices.SortFunc(list, inOrder)
	return list, nil
}

func inOrder(a, b File) int {
	if a.Dir != b.Dir {
		if a.Dir {
			return -1
		}
		return 1
	}
	return strings.Compare(a.Name, b.Name)
}

// Stat describes one file, directory or link.
func (f *Fleet) Stat(id, name string) (File, error) {
	root, _, err := f.existing(id, name, false)
	if err != nil {
		return File{}, err
	}
	file, err := describe(root, name)
	return file, pathFault(err, name)
}

// describe looks at a path without following the last link, then at where it leads.
func describe(root *os.Root, name string) (File, error) {
	name = path.Clean("/" + name)
	at, err := resolve(root, name, false)
	if err != nil {
		return File{}, err
	}
	if at.info == nil {
		return File{}, fs.ErrNotExist
	}
	file := File{Name: path.Base(name), Path: name}
	if at.info.Mode().Type() == fs.ModeSymlink {
		if file.Symlink, err = root.Readlink(at.name); err != nil {
			return File{}, err
		}
		if to, err := resolve(root, name, true); err == nil && to.info != nil {
			at = to
		}
	}
	file.Dir, file.Size, file.Mode, file.ModTime = at.info.IsDir(), at.info.Size(), at.info.Mode(), at.info.ModTime()
	if at.info.Mode().IsRegular() {
		file.ETag = etag(at.info)
	}
	return file, nil
}

// etag identifies one content of one file: WriteFile always makes a new inode, and
// whatever writes in place moves the time or the size.
func etag(info fs.FileInfo) string {
	h := fnv.New64a()
	var inode uint64
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	fmt.Fprintf(h, "%d %d %d", info.ModTime().UnixNano(), info.Size(), inode)
	return fmt.Sprintf("%016x", h.Sum64())
}

// OpenFile opens a regular file for reading; the caller closes it. It stays readable when
// the machine stops meanwhile.
func (f *Fleet) OpenFile(id, name string) (io.ReadSeekCloser, File, error) {
	root, at, err := f.existing(id, name, true)
	if err != nil {
		return nil, File{}, err
	}
	if at.info.IsDir() {
		return nil, File{}, isDirectory(name)
	}
	if !at.info.Mode().IsRegular() {
		return nil, File{}, notRegular(name)
	}
	file, info, err := openRegular(root, at.name)
	if err != nil {
		return nil, File{}, pathFault(err, name)
	}
	shown := File{
		Name: path.Base(path.Clean("/" + name)), Path: path.Clean("/" + name),
		Size: info.Size(), Mode: info.Mode(), ModTime: info.ModTime(), ETag: etag(info),
	}
	return file, shown, nil
}

// ReadFile reads a regular file of at most max bytes; a larger one is refused with the
// code FileTooLarge.
func (f *Fleet) ReadFile(id, name string, max int64) ([]byte, File, error) {
	r, file, err := f.OpenFile(id, name)
	if err != nil {
		return nil, File{}, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return nil, File{}, pathFault(err, name)
	}
	if int64(len(content)) > max {
		return nil, File{}, fault.New(fault.Limit, "FileTooLarge", "%q has more than %d bytes. Download it instead.", name, max).In("path")
	}
	return content, file, nil
}

func notDirectory(name string) error {
	return fault.New(fault.Invalid, "InvalidPath.NotDirectory", "%q is not a directory.", name).In("path")
}

func isDirectory(name string) error {
	return fault.New(fault.Invalid, "InvalidPath.IsDirectory", "%q is a directory.", name).In("path")
}

func notRegular(name string) error {
	return fault.New(fault.Invalid, "InvalidPath.NotRegular", "%q is not a regular file.", name).In("path")
}
