package web

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"elbow/engine/fault"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// How much is kept for visitors who never come back to see it.
const (
	maxVisitors   = 1024
	maxFlashes    = 10 // a visitor
	flashLifetime = 10 * time.Minute
)

// flashes keeps what to tell each visitor on the next page they see, across a redirect.
// The visitor is named by a random cookie that grants nothing else.
type flashes struct {
	now func() time.Time

	mu       sync.Mutex
	visitors map[string]waiting // guarded by mu
}

type waiting struct {
	since time.Time
	all   []ui.Flash
}

func newFlashes(now func() time.Time) *flashes {
	return &flashes{now: now, visitors: map[string]waiting{}}
}

// add keeps a flash for the visitor. When there is no room the visitor who has waited
// longest loses theirs, and a visitor with ten loses the first;
// the same id replaces the flash that waits.
func (f *flashes) add(visitor string, flash ui.Flash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgetOld()
	w := f.visitors[visitor]
	w.since = f.now()
	w.all = slices.DeleteFunc(w.all, func(o ui.Flash) bool { return o.ID == flash.ID })
	w.all = append(w.all, flash)
	if len(w.all) > maxFlashes {
		w.all = w.all[1:]
	}
	f.visitors[visitor] = w
}

// take returns what waits for the visitor, newest first; it is then gone.
func (f *flashes) take(visitor string) []ui.Flash {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.visitors[visitor]
	delete(f.visitors, visitor)
	if f.now().Sub(w.since) > flashLifetime {
		return nil
	}
	slices.Reverse(w.all)
	return w.all
}

// forgetOld makes room; f.mu is held.
func (f *flashes) forgetOld() {
	oldest, now := "", f.now()
	for visitor, w := range f.visitors {
		if now.Sub(w.since) > flashLifetime {
			delete(f.visitors, visitor)
		} else if oldest == "" || w.since.Before(f.visitors[oldest].since) {
			oldest = visitor
		}
	}
	if len(f.visitors) >= maxVisitors {
		delete(f.visitors, oldest)
	}
}

// flash keeps f for the next page that this visitor is shown, which may be this answer.
func (s *Server) flash(c echo.Context, f ui.Flash) {
	visitor := session(c)
	if visitor == "" {
		visitor = randomHex(16)
		c.Set(flashSession, visitor)
		c.SetCookie(&http.Cookie{Name: flashSession, Value: visitor, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	if f.ID == "" {
		f.ID = "flash-" + randomHex(4)
	}
	s.flashes.add(visitor, f)
}

// refused ends an operation that has no form of its own (start, stop, deregister) and was
// not carried out: the reason is shown on the page gone to. An error that is no fault, or
// is ours, goes the way of every other error.
func (s *Server) refused(c echo.Context, err error, to, title string) error {
	f, ok := fault.Of(err)
	if !ok || f.Kind == fault.Internal {
		return err
	}
	s.flash(c, ui.Flash{Kind: ui.FlashError, Title: title, Text: i18n.Fault(c.Request().Context(), f)})
	return s.see(c, to)
}

// session is the visitor's name, empty while they have none. Only what we could have made
// ourselves counts.
func session(c echo.Context) string {
	if fresh, ok := c.Get(flashSession).(string); ok {
		return fresh
	}
	id := cookieValue(c.Request(), flashSession)
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}
