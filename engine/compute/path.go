package compute

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"elbow/engine/fault"
)

// maxLinks is how many symbolic links one path may lead through, as in Linux.
const maxLinks = 40

// place is where a path leads inside a machine. No component of name is a link, except
// the last when that was asked for.
type place struct {
	name   string      // relative to the machine's root
	info   fs.FileInfo // nil when nothing is there, though its directory is
	public bool        // every directory on the way lets others pass, as httpd's user must
}

// walk is one path being followed.
type walk struct {
	root  *os.Root
	at    place
	rest  []string
	links int
}

// resolve follows a path inside a machine as its own kernel would: an absolute link
// begins at the machine's root, and .. stops there. os.Root alone refuses absolute links;
// it still guards whatever is then done with the result, so that a link swapped in
// between leads nowhere. followLast says whether a link at the end is followed too.
func resolve(root *os.Root, name string, followLast bool) (place, error) {
	w := &walk{root: root, at: place{name: ".", public: true}, rest: components(path.Clean("/" + name))}
	info, err := root.Lstat(".")
	if err != nil {
		return place{}, err
	}
	w.at.info = info
	for len(w.rest) > 0 {
		if err := w.step(followLast); err != nil {
			return place{}, err
		}
	}
	return w.at, nil
}

func components(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '/' })
}

func (w *walk) step(followLast bool) error {
	part, last := w.rest[0], len(w.rest) == 1
	w.rest = w.rest[1:]
	switch part {
	case ".":
		return nil
	case "..":
		return w.to(path.Dir(w.at.name))
	}
	if w.at.info == nil {
		return &fs.PathError{Op: "open", Path: w.at.name, Err: syscall.ENOENT}
	}
	if !w.at.info.IsDir() {
		return &fs.PathError{Op: "open", Path: w.at.name, Err: syscall.ENOTDIR}
	}
	if w.at.name != "." { // the root's own mode is the host's business
		w.at.public = w.at.public && w.at.info.Mode().Perm()&0o001 != 0
	}
	if err := w.to(path.Join(w.at.name, part)); err != nil {
		return err
	}
	if w.at.info != nil && w.at.info.Mode().Type() == fs.ModeSymlink && (!last || followLast) {
		return w.follow()
	}
	return nil
}

func (w *walk) to(name string) error {
	info, err := w.root.Lstat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.at.name, w.at.info = name, info
	if err != nil {
		w.at.info = nil
	}
	return nil
}

func (w *walk) follow() error {
	link := w.at.name
	if w.links++; w.links > maxLinks {
		return &fs.PathError{Op: "open", Path: link, Err: syscall.ELOOP}
	}
	target, err := w.root.Readlink(link)
	if err != nil {
		return err
	}
	w.rest = append(components(target), w.rest...)
	if path.IsAbs(target) {
		return w.to(".")
	}
	return w.to(path.Dir(link))
}

// pathFault puts what went wrong with a path inside a machine into words, with the path
// as the person gave it.
func pathFault(err error, name string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "InvalidPath.NotFound", "There is no file or directory %q.", name).In("path")
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTEMPTY):
		return fault.New(fault.Conflict, "InvalidPath.Exists", "%q exists already. Choose another name.", name).In("path")
	case errors.Is(err, syscall.ENOTDIR):
		return fault.New(fault.Invalid, "InvalidPath.NotDirectory", "A part of %q is a file, not a directory.", name).In("path")
	case errors.Is(err, syscall.ENAMETOOLONG):
		return fault.New(fault.Invalid, "InvalidPath.TooLong", "The path is too long: at most 255 bytes a name and 4095 bytes in all.").In("path")
	case errors.Is(err, syscall.ELOOP):
		return fault.New(fault.Invalid, "InvalidPath.Loop", "%q leads through too many symbolic links.", name).In("path")
	case errors.Is(err, fs.ErrClosed):
		return fault.New(fault.Forbidden, "IncorrectInstanceState", "The instance stopped before %q could be reached. Start it, then try again.", name).In("path")
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Forbidden, "InvalidPath.Denied", "Permission denied for %q.", name).In("path")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.Limit, "VolumeFull", "No space is left on the device for %q. Delete files, then try again.", name).In("path")
	case errors.Is(err, syscall.EINVAL):
		return malformedPath(name)
	}
	if _, ok := fault.Of(err); ok {
		return err
	}
	return fault.New(fault.Internal, "InternalError", "%q could not be used: %s.", name, err.Error()).In("path")
}

func malformedPath(name string) error {
	return fault.New(fault.Invalid, "InvalidPath.Malformed", "%q is not a usable path. Use a path such as /var/www/html/index.html.", name).In("path")
}
