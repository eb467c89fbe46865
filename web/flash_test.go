package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine/fault"
	"elbow/views/ui"
)

// failing is a component that cannot be rendered.
type failing struct{}

func (failing) Render(context.Context, io.Writer) error { return errors.New("cannot") }

// flashed is a page that shows its flashes and nothing else.
func flashed() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, f := range ui.PageOf(ctx).Flashes {
			fmt.Fprintf(w, "[%d %s %s]", f.Kind, f.Title, f.Text)
		}
		return nil
	})
}

func withFlashes(t *testing.T) *Server {
	s, _ := newConsole(t)
	s.echo.GET("/test/page", func(c echo.Context) error { return s.page(c, 200, flashed()) })
	s.echo.POST("/test/do", func(c echo.Context) error {
		return s.done(c, c.QueryParam("to"), ui.Flash{Title: "Done"})
	})
	s.echo.POST("/test/refuse", func(c echo.Context) error {
		return s.refused(c, refusal(fault.Forbidden), "/test/page", "Not stopped")
	})
	return s
}

func visitorOf(w *httptest.ResponseRecorder) string {
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	return cookie
}

func TestAFlashSurvivesTheRedirectAndIsShownOnce(t *testing.T) {
	s := withFlashes(t)
	w := ask(s, "POST", "/test/do?to=/test/page", "")
	if w.Code != 303 || w.Header().Get("Location") != "/test/page" {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	set := w.Header().Get("Set-Cookie")
	if !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") || strings.Contains(set, "Domain") {
		t.Errorf("cookie %q", set)
	}
	cookie := visitorOf(w)
	if got := ask(s, "GET", "/test/page", "", "Cookie", "elbow_session=0123456789abcdef0123456789abcdef").Body.String(); got != "" {
		t.Errorf("another visitor is told %q", got)
	}
	// A live region that fetches itself in between must not swallow it.
	if got := ask(s, "GET", "/test/page", "", "Cookie", cookie, "HX-Request", "true").Body.String(); got != "" {
		t.Errorf("a region is told %q", got)
	}
	if got := ask(s, "GET", "/test/page", "", "Cookie", cookie, "Sec-Fetch-Mode", "cors").Body.String(); got != "" {
		t.Errorf("a script is told %q", got)
	}
	if got := ask(s, "GET", "/test/page", "", "Cookie", cookie, "Accept", "text/html").Body.String(); got != "" {
		t.Errorf("a script on a LAN name is told %q", got)
	}
	if got := ask(s, "GET", "/test/page", "", "Cookie", cookie, "Sec-Fetch-Mode", "navigate").Body.String(); got != "[1 Done ]" {
		t.Errorf("the visitor is told %q", got)
	}
	if got := ask(s, "GET", "/test/page", "", "Cookie", cookie).Body.String(); got != "" {
		t.Errorf("told twice: %q", got)
	}
}

func TestARefusedActionTellsWhyOnThePageGoneTo(t *testing.T) {
	s := withFlashes(t)
	w := ask(s, "POST", "/test/refuse", "")
	got := ask(s, "GET", "/test/page", "", "Cookie", visitorOf(w)).Body.String()
	if w.Code != 303 || !strings.Contains(got, "[2 Not stopped The thing") {
		t.Errorf("%d, then %q", w.Code, got)
	}
}

func TestHtmxIsSentToTheWholePage(t *testing.T) {
	s := withFlashes(t)
	w := ask(s, "POST", "/test/do?to=/test/page", "", "HX-Request", "true")
	if w.Code != 200 || w.Header().Get("HX-Redirect") != "/test/page" {
		t.Errorf("%d %q", w.Code, w.Header().Get("HX-Redirect"))
	}
}

func TestFlashesAreBoundedInNumberAndTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlashes(time.Now)
		for i := range maxFlashes + 5 {
			f.add("a", ui.Flash{ID: fmt.Sprint(i)})
		}
		if got := f.take("a"); len(got) != maxFlashes || got[0].ID != "14" {
			t.Errorf("%d kept, newest %v", len(got), got[0].ID)
		}
		f.add("late", ui.Flash{})
		time.Sleep(flashLifetime + time.Second)
		if got := f.take("late"); got != nil {
			t.Errorf("kept for ever: %v", got)
		}
		for i := range maxVisitors + 50 {
			f.add(fmt.Sprint("v", i), ui.Flash{})
			time.Sleep(time.Millisecond)
		}
		if len(f.visitors) != maxVisitors || f.take("v0") != nil || f.take(fmt.Sprint("v", maxVisitors+49)) == nil {
			t.Errorf("%d visitors are kept, or the wrong ones", len(f.visitors))
		}
	})
}
