package compute

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestFilesAreMadeReadChangedMovedAndRemoved(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	if err := c.Mkdir(in.ID, "/srv/app"); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteFile(in.ID, "/srv/app/a.txt", strings.NewReader("one"), NewFile); err != nil {
		t.Fatal(err)
	}
	content, file, err := c.ReadFile(in.ID, "/srv/app/a.txt", 3)
	if err != nil || string(content) != "one" || file.Size != 3 || file.Mode != 0o644 || file.Path != "/srv/app/a.txt" || file.ETag == "" {
		t.Fatalf("%q %+v %v", content, file, err)
	}
	if err := os.Chmod(c.host(in, "srv/app/a.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteFile(in.ID, "/srv/app/a.txt", strings.NewReader("two"), file.ETag); err != nil {
		t.Fatal(err)
	}
	if now, err := c.Stat(in.ID, "/srv/app/a.txt"); err != nil || now.Mode != 0o755 || now.ETag == file.ETag {
		t.Fatalf("after writing: %+v %v", now, err)
	}
	if err := c.Rename(in.ID, "/srv/app", "/opt/app"); err != nil {
		t.Fatal(err)
	}
	list, err := c.List(in.ID, "/opt")
	if err != nil || len(list) != 1 || list[0].Name != "app" || !list[0].Dir || list[0].Path != "/opt/app" {
		t.Fatalf("%+v %v", list, err)
	}
	r, _, err := c.OpenFile(in.ID, "/opt/app/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := c.Remove(in.ID, "/opt/app"); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "two" {
		t.Fatalf("a file that was open when it was removed: %q %v", rest, err)
	}
	if left := leftovers(c); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestAListHasDirectoriesFirstAndDescribesLinks(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, plainImage)
	list, err := c.List(in.ID, "/")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Name)
		if f.Name == "bin" && (f.Symlink != "usr/bin" || !f.Dir) {
			t.Errorf("bin: %+v", f)
		}
	}
	if fmt.Sprint(names) != "[bin etc home opt root sbin srv tmp usr var]" {
		t.Errorf("names %v", names)
	}
}

func TestOfTwoPeopleWhoSaveTheSameFileOneIsTold(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	const name = "/var/www/html/index.html"
	seen, err := c.Stat(in.ID, name)
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		both.Go(func() { errs[i] = c.WriteFile(in.ID, name, strings.NewReader(fmt.Sprint(i)), seen.ETag) })
	}
	both.Wait()
	saved := 0
	for i, err := range errs {
		if err == nil {
			saved++
			if content, _, _ := c.ReadFile(in.ID, name, 10); string(content) != fmt.Sprint(i) {
				t.Errorf("%d was told that it saved, the file holds %q", i, content)
			}
		} else if faultCode(err) != "FileChanged" {
			t.Errorf("refused with %v", err)
		}
	}
	if saved != 1 {
		t.Errorf("%d of 8 saved", saved)
	}
	if err := c.Remove(in.ID, name); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteFile(in.ID, name, strings.NewReader("x"), seen.ETag); faultCode(err) != "FileChanged" {
		t.Errorf("saving what was deleted meanwhile: %v", err)
	}
}

func TestPathsThatCannotBeUsedAreRefusedAndChangeNothing(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	if err := syscall.Mkfifo(c.host(in, "srv/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop", c.host(in, "srv/loop")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, c.host(in, ""))
	write := func(name, match string) error { return c.WriteFile(in.ID, name, strings.NewReader("x"), match) }
	list := func(name string) error { _, err := c.List(in.ID, name); return err }
	read := func(name string) error { _, _, err := c.ReadFile(in.ID, name, 1); return err }
	long := strings.Repeat("/"+strings.Repeat("n", 200), 21)
	for what, got := range map[string]struct {
		err  error
		code string
	}{
		"list what is not there":       {list("/nowhere"), "InvalidPath.NotFound"},
		"list a file":                  {list("/etc/passwd"), "InvalidPath.NotDirectory"},
		"list a loop":                  {list("/srv/loop"), "InvalidPath.Loop"},
		"read a directory":             {read("/etc"), "InvalidPath.IsDirectory"},
		"read a FIFO":                  {read("/srv/fifo"), "InvalidPath.NotRegular"},
		"read too much":                {read("/etc/passwd"), "FileTooLarge"},
		"read a NUL":                   {read("/etc/pass\x00wd"), "InvalidPath.Malformed"},
		"read an over-long name":       {read("/" + strings.Repeat("n", 300)), "InvalidPath.TooLong"},
		"read an over-long path":       {read(long), "InvalidPath.TooLong"},
		"write a 4096-byte name":       {write("/"+strings.Repeat("n", 4096), ""), "InvalidPath.TooLong"},
		"write to the root":            {write("/", ""), "InvalidPath.IsDirectory"},
		"write to a directory":         {write("/etc", ""), "InvalidPath.IsDirectory"},
		"write below a file":           {write("/etc/passwd/x", ""), "InvalidPath.NotDirectory"},
		"write below nothing":          {write("/no/such/file", ""), "InvalidPath.NotFound"},
		"write to a FIFO":              {write("/srv/fifo", ""), "InvalidPath.NotRegular"},
		"write a name with a slash":    {write("/srv/new/", ""), "InvalidPath.Malformed"},
		"make a file that is there":    {write("/etc/passwd", NewFile), "InvalidPath.Exists"},
		"save over another's change":   {write("/etc/passwd", "0123456789abcdef"), "FileChanged"},
		"make a directory again":       {c.Mkdir(in.ID, "/etc"), "InvalidPath.Exists"},
		"make a directory nowhere":     {c.Mkdir(in.ID, "/no/dir"), "InvalidPath.NotFound"},
		"remove the root":              {c.Remove(in.ID, "/"), "InvalidPath.Denied"},
		"remove the root by another":   {c.Remove(in.ID, "/etc/../.."), "InvalidPath.Denied"},
		"remove nothing":               {c.Remove(in.ID, "/nowhere"), "InvalidPath.NotFound"},
		"rename the root":              {c.Rename(in.ID, "/", "/x"), "InvalidPath.Denied"},
		"rename nothing":               {c.Rename(in.ID, "/nowhere", "/x"), "InvalidPath.NotFound"},
		"rename onto something":        {c.Rename(in.ID, "/etc/passwd", "/etc/group"), "InvalidPath.Exists"},
		"rename into itself":           {c.Rename(in.ID, "/etc", "/etc/etc"), "InvalidPath.Malformed"},
		"of an instance that is not":   {errOf(c.Stat("i-00000000000000bad", "/")), "InvalidInstanceID.NotFound"},
		"of an id that is no instance": {errOf(c.Stat("../instances/"+in.ID, "/")), "InvalidInstanceID.NotFound"},
	} {
		if faultCode(got.err) != got.code {
			t.Errorf("%s: %v, want %s", what, got.err, got.code)
		}
	}
	if after := tree(t, c.host(in, "")); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("a refusal changed something")
	}
	if left := leftovers(c); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestNoPathLeadsOutOfAnInstance(t *testing.T) {
	c := newCloud(t, true, 100)
	in, neighbour := c.launch(1, webImage), c.launch(2, webImage)
	secret := filepath.Join(c.dir, "secret")
	if err := os.WriteFile(secret, []byte("HOST SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"up": "../../../secret", "abs": secret, "dir": "../../", "absdir": c.dir, "sibling": "../../" + neighbour.ID + "/etc/hostname", "proc": "/proc/self/root",
	} {
		if err := os.Symlink(target, c.host(in, "srv/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"../../secret", "/../../../secret", "/srv/up", "/srv/abs", "/srv/dir/secret", "/srv/absdir/secret", "/srv/proc" + secret,
		"/srv/sibling", "srv/../../../secret", secret,
	} {
		if content, _, err := c.ReadFile(in.ID, name, 100); err == nil {
			t.Errorf("read %s: %q", name, content)
		}
		_ = c.WriteFile(in.ID, name, strings.NewReader("overwritten"), "")
		_ = c.Remove(in.ID, name)
		_ = c.Mkdir(in.ID, name)
		_ = c.Rename(in.ID, "/etc/group", name)
	}
	if content, err := os.ReadFile(secret); err != nil || string(content) != "HOST SECRET" {
		t.Errorf("the host's file: %q %v", content, err)
	}
	if name, _, err := c.ReadFile(neighbour.ID, "/etc/hostname", 100); err != nil || !strings.HasPrefix(string(name), "ip-") {
		t.Errorf("the neighbour's file: %q %v", name, err)
	}
	if entries, err := os.ReadDir(c.dir); err != nil || len(entries) != 3 {
		t.Errorf("beside the instances: %v %v", entries, err)
	}
}

func TestALinkIsWrittenThroughAndRemovedAlone(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	if err := os.Symlink("/var/www/html", c.host(in, "srv/site")); err != nil {
		t.Fatal(err)
	}
	c.write(in, "/srv/site/index.html", "through the link")
	if _, body := c.get(in, "/"); body != "through the link" {
		t.Fatalf("page %q", body)
	}
	if err := c.Remove(in.ID, "/srv/site"); err != nil {
		t.Fatal(err)
	}
	if status, _ := c.get(in, "/"); status != 200 {
		t.Fatal("removing the link removed what it leads to")
	}
}

func TestFilesCanBeReachedOnlyWhileTheInstanceRuns(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	c.Stop(in, webImage)
	c.await(in.ID, Stopped)
	for what, err := range map[string]error{
		"list": errOf(c.List(in.ID, "/")), "write": c.WriteFile(in.ID, "/a", strings.NewReader(""), ""), "remove": c.Remove(in.ID, "/etc"),
		"mkdir": c.Mkdir(in.ID, "/a"), "rename": c.Rename(in.ID, "/etc", "/a"),
	} {
		if faultCode(err) != "IncorrectInstanceState" {
			t.Errorf("%s while stopped: %v", what, err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the client left") }

func TestAnUploadThatFailsOrIsTooLargeLeavesTheOldContent(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	c.Fleet.maxUpload = 10
	const name = "/var/www/html/index.html"
	c.write(in, name, "0123456789")
	if err := c.WriteFile(in.ID, name, strings.NewReader("0123456789a"), ""); faultCode(err) != "FileTooLarge" {
		t.Errorf("too large: %v", err)
	}
	if err := c.WriteFile(in.ID, name, io.MultiReader(strings.NewReader("half"), failing{}), ""); err == nil {
		t.Error("half an upload was taken")
	}
	content, _, err := c.ReadFile(in.ID, name, 100)
	if err != nil || string(content) != "0123456789" || len(leftovers(c)) != 0 {
		t.Errorf("%q %v %v", content, err, leftovers(c))
	}
}

func FuzzResolveStaysInside(f *testing.F) {
	for _, s := range []string{"/", "a/b", "../..", "l/../x", "/l/l", "abs/etc", "l//./../..", strings.Repeat("../", 100)} {
		f.Add(s, "../../..")
	}
	f.Fuzz(func(t *testing.T, name, target string) {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if err := root.MkdirAll("a/b", 0o755); err != nil {
			t.Fatal(err)
		}
		_ = root.Symlink(target, "l")
		_ = root.Symlink("/a", "abs")
		at, err := resolve(root, name, true)
		if err != nil {
			return
		}
		if at.name != "." && !filepath.IsLocal(at.name) {
			t.Fatalf("%q with a link to %q leads to %q", name, target, at.name)
		}
		if at.info != nil && at.info.Mode().Type() == fs.ModeSymlink {
			t.Fatalf("%q stopped at a link", name)
		}
	})
}
