package proxy

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// clientBody is a request's body as it comes from the client. It keeps the idle timeout,
// and remembers whether it was touched and how it failed.
type clientBody struct {
	io.ReadCloser
	conn    *clientConn
	touched atomic.Bool
	closed  atomic.Bool
	failure atomic.Pointer[error]

	mu sync.Mutex // held for a whole Read, deadline included
}

// Read waits for the client no longer than the idle timeout.
func (b *clientBody) Read(p []byte) (int, error) {
	b.touched.Store(true)
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.conn.SetReadDeadline(time.Time{})
	b.conn.SetReadDeadline(time.Now().Add(b.conn.server.config.IdleTimeout()))
	if b.closed.Load() { // asked after the deadline is set, so that it cannot undo Close's
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.failure.CompareAndSwap(nil, &err)
	}
	return n, err
}

// Close ends reading. A read under way is interrupted: the answer is out already, and the
// client may never send the rest.
func (b *clientBody) Close() error {
	b.closed.Store(true)
	if !b.mu.TryLock() {
		b.conn.SetReadDeadline(time.Unix(1, 0))
		b.mu.Lock()
	}
	b.mu.Unlock()
	return nil // net/http closes what is below, after the answer
}

// failed says which status a body that could not be read asks for: 0 when it was read or
// when the client left.
func (b *clientBody) failed() int {
	err := b.failure.Load()
	switch {
	case err == nil:
		return 0
	case errors.Is(*err, os.ErrDeadlineExceeded), errors.Is(*err, io.ErrUnexpectedEOF):
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// attemptBody lends a body to one attempt: an attempt that could not connect closes it,
// and the next one must still be able to read it.
type attemptBody struct{ io.Reader }

// Close does nothing; whoever lent the body closes it.
func (attemptBody) Close() error { return nil }
