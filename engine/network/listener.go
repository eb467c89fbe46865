package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// backlog is how many admitted connections wait for Accept; more wait in the kernel.
const backlog = 256

// listener is an interface's open port. Connections come to it from its own loopback socket,
// from the gateway and, in memory, from Dial: all of them are admitted before they are queued.
type listener struct {
	queue
	fabric    *Fabric
	id        string           // the interface's
	at        netip.AddrPort   // private address and port
	direct    *net.TCPListener // nil when it is reached in memory and through the gateway alone
	outsiders allowance        // connections from outside that are open at this listener
	accepting sync.WaitGroup
}

func newListener(f *Fabric, e *endpoint, port uint16, direct *net.TCPListener) *listener {
	at := e.at(port)
	l := &listener{queue: newQueue(net.TCPAddrFromAddrPort(at), backlog), fabric: f, id: e.ID, at: at, direct: direct}
	l.outsiders.most = max(1, f.outsiders.most/2) // no one listener uses up what all have together
	if direct != nil {
		l.accepting.Go(l.acceptDirect)
	}
	return l
}

// Close frees the port and closes what was queued but not accepted. When it returns the port
// may be opened again.
func (l *listener) Close() error {
	if !l.shut() {
		return nil
	}
	var err error
	if l.direct != nil {
		err = l.direct.Close()
	}
	l.accepting.Wait()
	l.fabric.forget(l)
	return err
}

// acceptDirect takes connections from the loopback socket until it is closed.
func (l *listener) acceptDirect() {
	acceptAll(l.direct, l.done, func(c *net.TCPConn) {
		l.fabric.enter(context.Background(), l.id, l, l.at, c, l.fabric.callerAt(addrPort(c.RemoteAddr())))
	})
}

// acceptAll gives every connection of a listener to take, until it or done is closed. Want
// of descriptors passes: it waits a little and tries again.
func acceptAll(from *net.TCPListener, done <-chan struct{}, take func(*net.TCPConn)) {
	const shortest = 5 * time.Millisecond
	pause := shortest
	for {
		c, err := from.AcceptTCP()
		switch {
		case err == nil:
			pause = shortest
			take(c)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		select {
		case <-done:
			return
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		}
	}
}
