package compute

import (
	"embed"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// baseFiles holds the regular files of the base images, one directory a layer. What an
// embedded tree cannot hold (empty directories, modes, links) is in layers.
//
//go:embed all:base
var baseFiles embed.FS

// baseTime is the modification time of every file of a base image, so that two machines
// launched from the same image agree on Last-Modified and ETag.
var baseTime = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// Base is an image that comes with the program.
type Base struct {
	Dir         string // its name in Source.Base and Image.Base
	Name        string // the AMI's name
	Description string
	DefaultUser string // who logs in
}

// BaseImages lists the images that come with the program: one with nothing listening,
// one with a web server that is up after boot.
func BaseImages() []Base {
	return []Base{
		{
			Dir: "elbow-linux-2023", Name: "elbow-linux-2023.11-x86_64", DefaultUser: "ec2-user",
			Description: "Elbow Linux 2023: a small machine in the manner of Amazon Linux, with nothing listening on port 80",
		},
		{
			Dir: "elbow-linux-2023-web", Name: "elbow-linux-2023.11-web-x86_64", DefaultUser: "ec2-user",
			Description: "Elbow Linux 2023 with httpd installed and enabled: it serves a page on port 80 after boot",
		},
	}
}

// LookupBase finds a base image by its Dir.
func LookupBase(dir string) (Base, bool) {
	for _, b := range BaseImages() {
		if b.Dir == dir {
			return b, true
		}
	}
	return Base{}, false
}

// layersOf names the layers of a base image, lowest first.
func layersOf(base string) []string {
	if base == "elbow-linux-2023-web" {
		return []string{"os", "httpd", "web"}
	}
	return []string{"os"}
}

// layer is what one embedded tree adds to a machine besides its regular files.
type layer struct {
	dirs  map[string]fs.FileMode // directories, made even when empty; 0755 where not named
	modes map[string]fs.FileMode // files; 0644 where not named
	links map[string]string      // symbolic links and what they hold
}

func layerOf(name string) layer {
	switch name {
	case "os":
		return layer{
			dirs: map[string]fs.FileMode{
				"etc/systemd/system/multi-user.target.wants": 0o755, "usr/lib/systemd/system": 0o755,
				"usr/bin": 0o755, "usr/sbin": 0o755, "usr/local/bin": 0o755, "var/lib/cloud/instance": 0o755,
				"var/log": 0o755, "var/tmp": 0o777 | fs.ModeSticky, "tmp": 0o777 | fs.ModeSticky, "opt": 0o755,
				"srv": 0o755, "root": 0o700, "home/ec2-user": 0o700, "home/ec2-user/.ssh": 0o700,
			},
			links: map[string]string{"bin": "usr/bin", "sbin": "usr/sbin"},
		}
	case "httpd":
		return layer{dirs: map[string]fs.FileMode{
			"var/www/html": 0o755, "var/www/cgi-bin": 0o755, "var/log/httpd": 0o700,
		}}
	case "web":
		return layer{links: map[string]string{wantsLink("httpd"): "/" + unitFile("httpd")}}
	}
	return layer{}
}

// layBase builds a base image's tree below an empty root.
func layBase(root *os.Root, base string) error {
	for _, name := range layersOf(base) {
		if err := layDown(root, name); err != nil {
			return err
		}
	}
	return nil
}

// layDown adds one layer to a tree. What is there already stays as it is: installing a
// package never takes away a page that somebody wrote.
func layDown(root *os.Root, name string) error {
	l := layerOf(name)
	for dir := range l.dirs {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := layFiles(root, path.Join("base", name), l.modes); err != nil {
		return err
	}
	for link, target := range l.links {
		if _, err := root.Lstat(link); err == nil {
			continue
		}
		if err := root.Symlink(target, link); err != nil {
			return err
		}
	}
	for dir, mode := range l.dirs { // last, since the umask has cut the modes of new ones
		if err := root.Chmod(dir, mode); err != nil {
			return err
		}
	}
	return nil
}

func layFiles(root *os.Root, dir string, modes map[string]fs.FileMode) error {
	return fs.WalkDir(baseFiles, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
		switch {
		case rel == "":
			return nil
		case d.IsDir():
			return root.MkdirAll(rel, 0o755)
		}
		if _, err := root.Lstat(rel); err == nil {
			return nil
		}
		content, err := baseFiles.ReadFile(name)
		if err != nil {
			return err
		}
		mode, ok := modes[rel]
		if !ok {
			mode = 0o644
		}
		return layFile(root, rel, content, mode)
	})
}

// layFile writes one file with exactly that mode and the base images' time.
func layFile(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	if err := root.WriteFile(name, content, mode); err != nil {
		return err
	}
	if err := root.Chmod(name, mode); err != nil {
		return err
	}
	return root.Chtimes(name, baseTime, baseTime)
}
