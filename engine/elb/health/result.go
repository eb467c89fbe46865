package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Failure names the layer at which a probe failed, in one stable word.
type Failure string

// The failures of a probe.
const (
	Timeout   Failure = "timeout"   // nothing came in time: dropped on the way, or too slow
	Refused   Failure = "refused"   // the address answers, nothing listens on the port
	Reset     Failure = "reset"     // the connection was cut before the answer was complete
	TLS       Failure = "tls"       // no handshake
	Malformed Failure = "malformed" // what came back is not a complete HTTP answer
	Status    Failure = "status"    // an HTTP status other than 200
	Egress    Failure = "egress"    // the prober itself is not allowed out
	Internal  Failure = "internal"  // the prober could not probe: it says nothing of the target
)

// Result is what one probe saw.
type Result struct {
	At       time.Time
	Duration time.Duration
	OK       bool
	Status   int     // the HTTP status, 0 when there was none
	Failure  Failure // empty when OK
	Detail   string  // one line of evidence
}

// Blocked is an error that a Dial may return to name the layer itself, when the way out
// is closed in a manner that no network error tells.
type Blocked struct {
	Failure Failure
	Detail  string
	Err     error
}

// Error gives the detail.
func (b *Blocked) Error() string { return b.Detail }

// Unwrap gives the cause.
func (b *Blocked) Unwrap() error { return b.Err }

// failed is the result of a probe that met err while it did what doing says; otherwise is
// the layer that an error of no known kind speaks of.
func failed(err error, doing string, timeout time.Duration, otherwise Failure) Result {
	var b *Blocked
	switch {
	case errors.As(err, &b):
		return Result{Failure: b.Failure, Detail: oneLine(b.Detail)}
	case isOwn(err):
		return Result{Failure: Internal, Detail: oneLine(fmt.Sprintf("%s: %v", doing, err))}
	case isTimeout(err):
		return Result{Failure: Timeout, Detail: fmt.Sprintf("%s: nothing came within %v", doing, timeout)}
	case errors.Is(err, syscall.ECONNREFUSED):
		return Result{Failure: Refused, Detail: doing + ": connection refused"}
	case isCut(err):
		return Result{Failure: Reset, Detail: doing + ": the connection was closed"}
	}
	return Result{Failure: otherwise, Detail: oneLine(fmt.Sprintf("%s: %v", doing, err))}
}

// isOwn reports whether the prober ran out of something of its own: descriptors, memory
// or addresses.
func isOwn(err error) bool {
	return slices.ContainsFunc([]error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE,
	}, func(own error) bool { return errors.Is(err, own) })
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// oneLine keeps what a hostile target wrote from breaking a page or a log.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}

// maxDetail bounds the evidence, in bytes.
const maxDetail = 200
