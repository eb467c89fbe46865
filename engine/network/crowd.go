package network

import (
	"container/list"
	"net"
	"sync"
	"time"
)

// crowd is a bounded set of connections that wait for something. One too many costs the
// oldest its place, not the newest: a flood of silent clients cannot lock others out.
type crowd struct {
	most int

	mu      sync.Mutex
	closed  bool      // guarded by mu
	waiting list.List // of net.Conn, oldest first; guarded by mu
}

// enter lets a connection in; ok is false once the crowd is closed. leave must be called
// when it waits no more.
func (c *crowd) enter(conn net.Conn) (leave func(), ok bool) {
	place, oldest := c.add(conn)
	if oldest != nil {
		oldest.Close() // whoever waits on it sees the error
	}
	return func() { c.leave(place) }, place != nil
}

// add puts a connection last and takes out the first when they are too many.
func (c *crowd) add(conn net.Conn) (place *list.Element, oldest net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil
	}
	place = c.waiting.PushBack(conn)
	if c.waiting.Len() > c.most {
		oldest = c.waiting.Remove(c.waiting.Front()).(net.Conn)
	}
	return place, oldest
}

func (c *crowd) leave(place *list.Element) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting.Remove(place) // does nothing for one that lost its place
}

func (c *crowd) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting.Len()
}

// close ends the wait of all and lets nobody in any more.
func (c *crowd) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for e := c.waiting.Front(); e != nil; e = e.Next() {
		e.Value.(net.Conn).Close() // each leaves by itself
	}
}

// maxDiscard is how much a mute connection reads before it lets the client's window fill.
const maxDiscard = 1 << 20

// mute keeps a connection open without a word until the client gives up or the time is
// over. What arrives is read and thrown away, because only so is the client's end noticed.
func (c *crowd) mute(conn *net.TCPConn, hold time.Duration) {
	defer abort(conn)
	leave, ok := c.enter(conn)
	if !ok {
		return
	}
	defer leave()
	conn.SetDeadline(time.Now().Add(hold))
	var scratch [512]byte
	for total := 0; total < maxDiscard; {
		n, err := conn.Read(scratch[:])
		if err != nil {
			return
		}
		total += n
	}
	c.idle(conn)
}

// idle waits for the deadline without reading any more.
func (c *crowd) idle(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	// Never satisfied: it ends with the deadline or with Close.
	_ = raw.Read(func(uintptr) bool { return false })
}
