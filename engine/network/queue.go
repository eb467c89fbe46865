package network

import (
	"context"
	"net"
	"sync"
)

// queue is where connections wait between whoever brings them and Accept.
type queue struct {
	addr  net.Addr
	conns chan net.Conn
	room  chan struct{} // a place in conns, taken before a connection is put there
	done  chan struct{} // closed by shut

	mu     sync.Mutex
	closed bool // guarded by mu; nothing is queued once it is set
}

func newQueue(addr net.Addr, size int) queue {
	return queue{addr: addr, conns: make(chan net.Conn, size), room: make(chan struct{}, size), done: make(chan struct{})}
}

// Accept waits for the next connection.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		<-q.room
		return c, nil
	case <-q.done:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: q.addr, Err: net.ErrClosed}
	}
}

// Addr is the address that is listened on.
func (q *queue) Addr() net.Addr { return q.addr }

// offer queues a connection, waiting for room until ctx is done. On an error the connection
// is still the caller's.
func (q *queue) offer(ctx context.Context, c net.Conn) error {
	select {
	case q.room <- struct{}{}:
	case <-q.done:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return net.ErrClosed
	}
	q.conns <- c // there is room
	return nil
}

// shut ends Accept and closes what nobody accepted; first is false when that was done before.
func (q *queue) shut() (first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.closed = true
	close(q.done)
	for len(q.conns) > 0 {
		(<-q.conns).Close()
	}
	return true
}

// crew is the goroutines that run for connections, until it is dismissed.
type crew struct {
	mu     sync.Mutex
	closed bool           // guarded by mu
	work   sync.WaitGroup // added to under mu while not closed
}

// spawn runs something; it reports false, and runs nothing, once the crew is dismissed.
func (c *crew) spawn(run func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.work.Go(run)
	return true
}

// dismiss lets nothing new run. Wait for what still does with work.Wait.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}
