//go:build unix

package network

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// onSocket runs a socket call on the connection's descriptor.
func onSocket(c syscall.RawConn, call func(fd int) error) error {
	var err error
	if controlErr := c.Control(func(fd uintptr) { err = call(int(fd)) }); controlErr != nil {
		return controlErr
	}
	return os.NewSyscallError("setsockopt", err)
}

// reusePort lets an interface's own address and the gateway's wildcard share a port number:
// the kernel allows it only when both sockets ask for it and belong to one user (socket(7)).
func reusePort(_, _ string, c syscall.RawConn) error {
	return onSocket(c, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
}

// wrapPair turns the two descriptors of a socket pair into connections; net.FileConn
// duplicates them, so the first ones are closed.
func wrapPair(fds [2]int) (a, b *net.UnixConn, err error) {
	ends := [2]*net.UnixConn{}
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "pair")
		c, fileErr := net.FileConn(file)
		err = errors.Join(err, fileErr, file.Close())
		ends[i], _ = c.(*net.UnixConn)
	}
	if err == nil {
		return ends[0], ends[1], nil
	}
	for _, c := range ends {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return nil, nil, err
}

// abort closes a connection with a reset instead of an orderly end.
func abort(c *net.TCPConn) {
	c.SetLinger(0) // fails only on a connection that is already gone
	c.Close()
}

// descriptorLimit is how many descriptors the process may have open.
func descriptorLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 256
	}
	return int(min(limit.Cur, 1<<20))
}
