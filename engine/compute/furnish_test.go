package compute

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAnInstanceBootsWhateverStandsInTheWay of what the cloud gives it: a person who put
// it there can only take it away while the instance runs.
func TestAnInstanceBootsWhateverStandsInTheWay(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		put        func(path string) error
	}{
		{"a file for a directory", "var/lib/cloud", func(p string) error { return os.WriteFile(p, []byte("mine"), 0o644) }},
		{"a directory for a file", userDataFile, func(p string) error { return os.MkdirAll(p+"/sub", 0o755) }},
		{"a FIFO for a file", userDataFile, func(p string) error { return syscall.Mkfifo(p, 0o644) }},
		{"a link that leads out", "var/lib/cloud", func(p string) error { return os.Symlink("/tmp", p) }},
		{"a loop of links", "var/lib/cloud", func(p string) error { return os.Symlink("cloud", p) }},
	} {
		for _, userData := range []string{"", "#!/bin/sh"} {
			t.Run(tt.name+" "+userData, func(t *testing.T) {
				c := newCloud(t, true, 1000)
				in := c.launch(1, plainImage)
				c.Stop(in, plainImage)
				c.await(in.ID, Stopped)
				path := c.host(in, tt.path)
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := tt.put(path); err != nil {
					t.Fatal(err)
				}
				in.Boots, in.UserData = 2, []byte(userData)
				c.Start(in, plainImage)
				c.await(in.ID, Running)
			})
		}
	}
}

func TestALaunchFromAnImageWithOddKeysBoots(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"a directory":           func(p string) error { return os.MkdirAll(p, 0o755) },
		"a link that leads out": func(p string) error { return os.Symlink("/etc/passwd", p) },
		"more than any keys":    func(p string) error { return os.Truncate(p, 64<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, true, 1000)
			in := c.instance(1)
			c.Start(in, Source{Base: plainImage.Base, PublicKey: "ssh-ed25519 AAAA one"})
			c.await(in.ID, Running)
			path := c.host(in, authorizedKeys)
			if !strings.HasPrefix(name, "more") {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			if _, err := c.CaptureImage(t.Context(), in.ID, snapA, false); err != nil {
				t.Fatal(err)
			}
			second := c.instance(2)
			c.Start(second, Source{SnapshotID: snapA, PublicKey: "ssh-ed25519 BBBB two"})
			c.await(second.ID, Running)
		})
	}
}
