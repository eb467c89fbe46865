package network

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindNoPort lets the kernel choose the source port at connect, by the whole pair of
// addresses, instead of at bind: otherwise one source address has only some 28,000 ports for
// all its peers together (ip(7), IP_BIND_ADDRESS_NO_PORT).
func bindNoPort(_, _ string, c syscall.RawConn) error {
	return onSocket(c, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
}

// pair makes two connected sockets, each closed on exec.
func pair() (a, b *net.UnixConn, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return wrapPair(fds)
}
