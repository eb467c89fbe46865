package compute

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tree describes everything below a directory, one line a name.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := strings.TrimPrefix(name, dir) + " " + info.Mode().String()
		switch {
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			lines = append(lines, line+" -> "+target)
			return err
		case d.Type().IsRegular():
			content, err := os.ReadFile(name)
			lines = append(lines, line+" "+info.ModTime().String()+" "+string(content))
			return err
		}
		lines = append(lines, line+" "+info.ModTime().String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func original(t *testing.T) (string, *os.Root) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "src")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	if err := layBase(root, "elbow-linux-2023-web"); err != nil {
		t.Fatal(err)
	}
	return dir, root
}

func TestACloneHasTheSameFilesModesTimesAndLinks(t *testing.T) {
	dir, root := original(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Symlink("/etc/passwd", filepath.Join(dir, "absolute")))
	must(os.Symlink("../../../../etc/passwd", filepath.Join(dir, "outside")))
	must(os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	must(os.Mkdir(filepath.Join(dir, "readonly"), 0o755))
	must(os.WriteFile(filepath.Join(dir, "readonly/f"), []byte(strings.Repeat("abc", 100_000)), 0o400))
	must(os.Chmod(filepath.Join(dir, "readonly"), 0o555))
	must(os.Chtimes(filepath.Join(dir, "readonly"), time.Unix(1e9, 0), time.Unix(1e9, 0)))
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "readonly"), 0o755) })

	before := tree(t, dir)
	dst := filepath.Join(filepath.Dir(dir), "dst")
	n, err := Clone(t.Context(), dst, dst+".tmp", root, true, nil)
	must(err)
	if got := tree(t, dst); !slices.Equal(got, before) {
		t.Errorf("copy:\n%s\noriginal:\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}
	size, err := treeSize(dir)
	if err != nil || n != size || n < 300_000 {
		t.Errorf("%d bytes copied, %d there (%v)", n, size, err)
	}
	if !slices.Equal(tree(t, dir), before) {
		t.Error("copying changed the original")
	}
	must(removeTree(dst))
	if exists(dst) {
		t.Error("a copy with a read-only directory cannot be removed")
	}
}

func TestACloneLeavesOutWhatIsNoFileAndDropsSetUserID(t *testing.T) {
	dir, root := original(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "suid"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "suid"), 0o755|fs.ModeSetuid|fs.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "locked"), []byte("mine"), 0); err != nil {
		t.Fatal(err)
	}
	dst := filepath.Join(filepath.Dir(dir), "dst")
	if _, err := Clone(t.Context(), dst, dst+".tmp", root, false, nil); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dst, "fifo")) {
		t.Error("a FIFO was copied")
	}
	if info, err := os.Stat(filepath.Join(dst, "suid")); err != nil || info.Mode() != 0o755 {
		t.Errorf("set-user-id file: %v %v", info.Mode(), err)
	}
	for _, name := range []string{filepath.Join(dir, "locked"), filepath.Join(dst, "locked")} {
		if info, err := os.Stat(name); err != nil || info.Mode() != 0 || info.Size() != 4 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}

func TestACloneThatFailsLeavesNothing(t *testing.T) {
	dir, root := original(t)
	dst := filepath.Join(filepath.Dir(dir), "dst")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Clone(ended, dst, dst+".tmp", root, false, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	broken := errors.New("broken")
	if _, err := Clone(t.Context(), dst, dst+".tmp", root, false, func(*os.Root) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("finish failed: %v", err)
	}
	if exists(dst) || exists(dst+".tmp") {
		t.Error("something is left")
	}
}

func TestBaseImagesAreDistinctAndWholeTrees(t *testing.T) {
	for _, base := range BaseImages() {
		if err := ValidImageName(base.Name); err != nil || base.DefaultUser != "ec2-user" || base.Description == "" {
			t.Errorf("%+v %v", base, err)
		}
		dir := t.TempDir()
		err := fillDirectory(dir, func(root *os.Root) error {
			if err := layBase(root, base.Dir); err != nil {
				return err
			}
			web := base.Dir == "elbow-linux-2023-web"
			if installed(root, "httpd") != web || enabled(root, "httpd") != web {
				t.Errorf("%s: httpd installed %v, enabled %v", base.Dir, installed(root, "httpd"), enabled(root, "httpd"))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, mode := range map[string]fs.FileMode{"tmp": 0o777 | fs.ModeSticky | fs.ModeDir, "home/ec2-user": 0o700 | fs.ModeDir, "etc/os-release": 0o644, "home/ec2-user/.bashrc": 0o644} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
				t.Errorf("%s: %s: %v %v", base.Dir, name, info, err)
			}
		}
	}
}
