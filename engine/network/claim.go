//go:build unix

package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// firstClaim is the second byte of the /16 that is tried first: 127.31 for 172.31.
const firstClaim = 31

// sentinelPort is where each claim listens, at an address that no subnet has.
const sentinelPort = 17231

// claim is one /16 of loopback, 127.N.0.0, that no other process uses while it lasts: a lock
// on a file says so to those who look there, a listening socket to everybody on the host,
// whatever directory they use. The kernel ends both with the process, however it ends.
type claim struct {
	second   byte
	sentinel *net.TCPListener // never accepts; nil when nothing needed to be claimed
	lock     *os.File         // nil where there is no place for it
}

// claimLoopback claims 127.31/16 or the next free one, with the lock on a file in dir. An
// error means that this host has no loopback addresses left to claim, or none at all.
func claimLoopback(dir string) (claim, error) {
	dir = lockDirectory(dir)
	for i := range 254 {
		second := byte((firstClaim-1+i)%254 + 1) // 1 to 254: 127.0 is everybody's
		c, err := tryClaim(dir, second)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EADDRINUSE) {
			return claim{}, err
		}
	}
	return claim{}, errors.New("every loopback network from 127.1 to 127.254 is claimed")
}

// tryClaim claims one /16; EWOULDBLOCK or EADDRINUSE mean that another process has it.
func tryClaim(dir string, second byte) (claim, error) {
	// A lock that cannot be had for want of a directory or of permission is done without:
	// the socket alone is enough among those who listen on this host.
	lock, err := tryLock(filepath.Join(dir, "127."+strconv.Itoa(int(second))))
	if errors.Is(err, unix.EWOULDBLOCK) {
		return claim{}, err
	}
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp4", fmt.Sprintf("127.%d.255.254:%d", second, sentinelPort))
	if err != nil {
		return claim{}, errors.Join(err, claim{lock: lock}.release())
	}
	return claim{second, l.(*net.TCPListener), lock}, nil
}

// lockDirectory makes the directory of locks, open to every user of the host as /tmp is,
// because loopback is theirs together.
func lockDirectory(dir string) string {
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "elbow-net")
	}
	if os.Mkdir(dir, 0o700) == nil {
		os.Chmod(dir, 0o777|fs.ModeSticky) // else its locks are only this user's
	}
	return dir
}

// tryLock opens and locks a file; EWOULDBLOCK means that another process has it. An existing
// file is opened without O_CREATE, which Linux refuses on another user's file in a sticky
// directory, and no link is followed.
func tryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.OpenFile(name, os.O_RDONLY|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err == nil {
			err = f.Chmod(0o644) // whatever the umask: other users only need to open it
		}
	}
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// release gives the /16 back.
func (c claim) release() error {
	var err error
	if c.sentinel != nil {
		err = c.sentinel.Close()
	}
	if c.lock != nil {
		err = errors.Join(err, c.lock.Close())
	}
	return err
}
