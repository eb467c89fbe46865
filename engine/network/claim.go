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
	lock     *os.File         // nil when nothing needed to be claimed, as the socket
	sentinel *net.TCPListener // never accepts
}

// claimLoopback claims 127.31/16 or the next free one, with the lock on a file in dir. An
// error means that this host has no loopback addresses to claim, or no place for the lock.
func claimLoopback(dir string) (claim, error) {
	dir, err := lockDirectory(dir)
	if err != nil {
		return claim{}, err
	}
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
	return claim{}, fmt.Errorf("every loopback network from 127.1 to 127.254 is claimed in %s", dir)
}

// tryClaim claims one /16; EWOULDBLOCK or EADDRINUSE mean that another process has it.
func tryClaim(dir string, second byte) (claim, error) {
	lock, err := tryLock(filepath.Join(dir, "127."+strconv.Itoa(int(second))))
	if err != nil {
		return claim{}, err
	}
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp4", fmt.Sprintf("127.%d.255.254:%d", second, sentinelPort))
	if err != nil {
		return claim{}, errors.Join(err, lock.Close())
	}
	return claim{second, lock, l.(*net.TCPListener)}, nil
}

// lockDirectory makes the directory of locks, open to every user of the host as /tmp is,
// because loopback is theirs together.
func lockDirectory(dir string) (string, error) {
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "elbow-net")
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return dir, os.Chmod(dir, 0o777|fs.ModeSticky)
	}
	if errors.Is(err, fs.ErrExist) {
		return dir, nil
	}
	return dir, err
}

// tryLock opens and locks a file; EWOULDBLOCK means that another process has it. An existing
// file is opened without O_CREATE, which Linux refuses on another user's file in a sticky
// directory, and no link is followed.
func tryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.OpenFile(name, os.O_RDONLY|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
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
	if c.lock == nil {
		return nil
	}
	return errors.Join(c.sentinel.Close(), c.lock.Close())
}
