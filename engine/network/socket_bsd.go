//go:build unix && !linux

package network

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindNoPort does nothing: the option is Linux's.
func bindNoPort(_, _ string, _ syscall.RawConn) error { return nil }

// pair makes two connected sockets, each closed on exec.
func pair() (a, b *net.UnixConn, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return wrapPair(fds)
}
