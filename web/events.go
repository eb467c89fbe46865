package web

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"elbow/engine/event"
	"elbow/engine/fault"
)

// How the event stream behaves; the browser side is told about reconnecting by the stream
// itself.
const (
	maxStreams = 512                   // open at once; one a tab
	coalesce   = 25 * time.Millisecond // after a change went out, the next ones are gathered so long
	heartbeat  = 20 * time.Second      // a comment, so that nothing between here and there gives up
	stuckAfter = 4 * time.Second       // a client that reads nothing for so long is let go; it comes back. Below the 5 s of an orderly stop
)

// routesEvents registers the stream of changes.
func (s *Server) routesEvents(g *echo.Group) {
	g.GET("/events", s.streamEvents)
}

// streamEvents tells a tab which resources to look at again, until it leaves or the
// console shuts down. Nothing observed is in the stream: regions fetch themselves anew.
func (s *Server) streamEvents(c echo.Context) error {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		return fault.New(fault.Overloaded, "RequestLimitExceeded", "%d pages are already being kept up to date; close some of them.", maxStreams)
	}
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	// Subscribed before the first byte: a change after the page was built is never missed.
	changes := s.events.Subscribe()
	defer changes.Close()

	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	announce(ctx, &eventWriter{w: c.Response(), conn: http.NewResponseController(c.Response().Writer)}, changes)
	return nil
}

// announce writes the stream: refresh first, which heals whatever was missed; then each
// change at once, and what follows within the next 25 ms together. It returns when ctx
// ends or the client no longer takes anything.
func announce(ctx context.Context, out flusher, changes *event.Subscription) {
	if !out.send([]byte("retry: 2000\nevent: refresh\ndata: *\n\n")) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if !out.send([]byte(": still here\n\n")) {
				return
			}
		case <-changes.Ready():
			if !out.send(messages(changes.Take())) || !pause(ctx, coalesce) {
				return
			}
		}
	}
}

// messages makes one event a noun, in the order of the nouns, with the ids as its lines of
// data. An event without data would not be dispatched, so "*" stands for all.
func messages(keys []event.Key) []byte {
	ids := map[string][]string{}
	for _, k := range keys {
		ids[k.Noun] = append(ids[k.Noun], k.ID)
	}
	var b bytes.Buffer
	for _, noun := range slices.Sorted(maps.Keys(ids)) {
		b.WriteString("event: " + noun + "\n")
		for _, id := range slices.Sorted(slices.Values(ids[noun])) {
			b.WriteString("data: " + cmp.Or(strings.NewReplacer("\r", " ", "\n", " ").Replace(id), "*") + "\n")
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// pause waits; false means that ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// flusher is the far end of a stream: send reports whether it still takes anything.
type flusher interface{ send(p []byte) bool }

// eventWriter writes each message through to the client.
type eventWriter struct {
	w    io.Writer
	conn *http.ResponseController
}

// send writes within stuckAfter, so that a client that stopped reading holds no stream.
func (e *eventWriter) send(p []byte) bool {
	_ = e.conn.SetWriteDeadline(time.Now().Add(stuckAfter)) // a writer without a connection has none to set
	if _, err := e.w.Write(p); err != nil {
		return false
	}
	return e.conn.Flush() == nil
}
