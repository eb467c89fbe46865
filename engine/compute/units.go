package compute

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"time"
)

// Service is one service of a machine. Installed and Enabled are facts of its file
// system, as with systemd; the rest is what it is doing now.
type Service struct {
	Name        string // such as httpd
	Description string
	Installed   bool // its unit file is there
	Enabled     bool // it is linked into multi-user.target, so that boot starts it
	Active      bool
	Since       time.Time // when it became active; zero while it is not
	Port        uint16    // the port that it listens on while active
	Failure     string    // why it is not active though it should be, else empty
}

// unit is a service that exists to be installed.
type unit struct {
	name        string
	description string
	port        uint16
	layer       string // the layer of files that installing it lays down
}

// units lists every service that a machine may have.
func units() []unit {
	return []unit{{name: "httpd", description: "The Apache HTTP Server", port: 80, layer: "httpd"}}
}

func lookupUnit(name string) (unit, bool) {
	for _, u := range units() {
		if u.name == name {
			return u, true
		}
	}
	return unit{}, false
}

// unitFile is the file whose presence means that a service is installed.
func unitFile(name string) string { return path.Join("usr/lib/systemd/system", name+".service") }

// wantsLink is the link whose presence means that a service is enabled.
func wantsLink(name string) string {
	return path.Join("etc/systemd/system/multi-user.target.wants", name+".service")
}

// installed reports whether the unit file of a service is there.
func installed(root *os.Root, name string) bool {
	at, err := resolve(root, unitFile(name), true)
	return err == nil && at.info != nil && at.info.Mode().IsRegular()
}

// enabled reports whether boot starts the service.
func enabled(root *os.Root, name string) bool {
	at, err := resolve(root, wantsLink(name), false)
	return err == nil && at.info != nil
}

// enable links the service into multi-user.target. It is idempotent.
func enable(root *os.Root, name string) error {
	if enabled(root, name) {
		return nil
	}
	if err := root.MkdirAll(path.Dir(wantsLink(name)), 0o755); err != nil {
		return err
	}
	return root.Symlink("/"+unitFile(name), wantsLink(name))
}

// disable removes the link. It is idempotent.
func disable(root *os.Root, name string) error {
	err := root.Remove(wantsLink(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
