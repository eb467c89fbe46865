package compute

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// copyStep is how many bytes are copied between two looks at the context.
const copyStep = 32 << 20

// keptMode is what a copy keeps of a mode. Set-user-id bits have no use in a tree that is
// never executed, and would be a danger on the host.
const keptMode = fs.ModePerm | fs.ModeSticky

// Clone copies the tree below src to the new directory dst and returns the bytes of its
// files. It is built at tmp, beside dst, and published by rename: dst is whole or absent.
// Modes and times are kept and symbolic links are copied as they are, never followed;
// FIFOs, sockets and devices are left out. live is for a source that is in use: what
// vanishes meanwhile is left out, and the copy is on the disk before it is published,
// since nothing can make it again. finish, when given, has the last word on the tree before that.
func Clone(ctx context.Context, dst, tmp string, src *os.Root, live bool, finish func(*os.Root) error) (int64, error) {
	c := &copier{ctx: ctx, src: src, live: live}
	err := publish(dst, tmp, func(root *os.Root) error {
		c.dst = root
		if err := c.tree("."); err != nil || finish == nil {
			return err
		}
		return finish(root)
	})
	return c.bytes, err
}

// publish makes the directory tmp, has it filled, and renames it to dst. On a failure
// nothing is left of it.
func publish(dst, tmp string, fill func(*os.Root) error) error {
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	err := fillDirectory(tmp, fill)
	if err == nil {
		err = os.Rename(tmp, dst)
	}
	if err != nil {
		return errors.Join(err, removeTree(tmp))
	}
	return syncDirectory(filepath.Dir(dst))
}

func fillDirectory(dir string, fill func(*os.Root) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fill(root)
}

// syncDirectory brings a directory's entries to the disk.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// copier copies one tree; one goroutine uses it, once.
type copier struct {
	ctx      context.Context
	src, dst *os.Root
	live     bool
	bytes    int64
}

// tree copies what the directory holds, then gives the copy the directory's own mode and
// times: earlier, a read-only directory could not be filled.
func (c *copier) tree(dir string) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	entries, info, err := c.entries(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		err := c.entry(path.Join(dir, e.Name()), e.Type())
		if c.live && errors.Is(err, fs.ErrNotExist) {
			continue // removed since the directory was read
		}
		if err != nil {
			return err
		}
	}
	if dir == "." {
		return nil
	}
	if err := c.dst.Chtimes(dir, info.ModTime(), info.ModTime()); err != nil {
		return err
	}
	return c.dst.Chmod(dir, info.Mode()&keptMode)
}

func (c *copier) entries(dir string) ([]fs.DirEntry, fs.FileInfo, error) {
	d, err := c.open(dir)
	if err != nil {
		return nil, nil, err
	}
	defer d.Close()
	info, err := d.Stat()
	if err != nil {
		return nil, nil, err
	}
	entries, err := d.ReadDir(-1)
	return entries, info, err
}

func (c *copier) entry(name string, kind fs.FileMode) error {
	switch {
	case kind.IsDir():
		if err := c.dst.Mkdir(name, 0o700); err != nil {
			return err
		}
		return c.tree(name)
	case kind == fs.ModeSymlink:
		target, err := c.src.Readlink(name)
		if err != nil {
			return err
		}
		return c.dst.Symlink(target, name)
	case kind.IsRegular():
		return c.file(name)
	}
	return nil
}

// open opens for reading without ever waiting for the other end of a FIFO. An unprivileged
// process cannot read a file of its own with mode 0: it is lent the right for the moment.
func (c *copier) open(name string) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NONBLOCK
	f, err := c.src.OpenFile(name, flags, 0)
	if !errors.Is(err, fs.ErrPermission) {
		return f, err
	}
	info, statErr := c.src.Lstat(name)
	if statErr != nil || info.Mode().Type() == fs.ModeSymlink {
		return nil, err
	}
	if chmodErr := c.src.Chmod(name, info.Mode()|0o700); chmodErr != nil {
		return nil, err
	}
	f, err = c.src.OpenFile(name, flags, 0)
	return f, errors.Join(err, c.src.Chmod(name, info.Mode()))
}

func (c *copier) file(name string) error {
	in, err := c.open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	out, err := c.dst.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(c.contents(out, in, info), out.Close())
	if err != nil {
		return err
	}
	return c.dst.Chtimes(name, info.ModTime(), info.ModTime())
}

// contents copies a file as long as it was when it was opened: a log that grows meanwhile
// does not keep the copy going.
func (c *copier) contents(out, in *os.File, info fs.FileInfo) error {
	if reflink(out, in) != nil {
		for left := info.Size(); left > 0; left -= copyStep {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			if _, err := io.Copy(out, io.LimitReader(in, min(left, copyStep))); err != nil {
				return err
			}
		}
	}
	c.bytes += info.Size()
	if err := out.Chmod(info.Mode() & keptMode); err != nil || !c.live {
		return err
	}
	return out.Sync()
}

// removeTree removes a directory and all below it, also what its owner may not enter.
// Links are removed, never followed.
func removeTree(dir string) error {
	err := os.RemoveAll(dir)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(name, 0o700) // what cannot be opened up fails below, and says so
		}
		return nil
	})
	return os.RemoveAll(dir)
}
