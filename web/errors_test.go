package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine/fault"
)

func refusal(kind fault.Kind) *fault.Error {
	return fault.New(kind, "Some.Code", "The thing %q is so.", "<b>x</b>")
}

func TestEveryKindOfFaultHasItsStatusAndItsWords(t *testing.T) {
	for kind, status := range map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 422, fault.NotFound: 404, fault.Conflict: 409,
		fault.Forbidden: 403, fault.Limit: 409, fault.Overloaded: 503,
	} {
		s, _ := newConsole(t)
		s.echo.GET("/test/fault", func(echo.Context) error { return refusal(kind) })
		w := ask(s, "GET", "/test/fault", "")
		body := w.Body.String()
		if w.Code != status {
			t.Errorf("kind %d: %d, want %d", kind, w.Code, status)
		}
		if told := strings.Contains(body, "Some.Code") && strings.Contains(body, "is so."); told != (kind != fault.Internal) {
			t.Errorf("kind %d: told the code and the message: %v", kind, told)
		}
		if strings.Contains(body, "<b>x</b>") {
			t.Errorf("kind %d: unescaped", kind)
		}
	}
}

func TestAScriptGetsTheErrorAsAFlash(t *testing.T) {
	s, _ := newConsole(t)
	s.echo.POST("/test/fault", func(echo.Context) error { return refusal(fault.Conflict) })
	w := ask(s, "POST", "/test/fault", "", "HX-Request", "true", "HX-Request-Type", "partial")
	body := w.Body.String()
	if w.Code != 409 || !strings.Contains(body, "#flash") || strings.Contains(body, "<html") {
		t.Errorf("%d\n%s", w.Code, body)
	}
	if w.Header().Get("HX-Reswap") != "none" {
		t.Error("what was to be swapped is swapped for nothing")
	}
}

func TestAFormIsShownAgainOnlyWhenThePersonCanMendIt(t *testing.T) {
	for because, tt := range map[string]struct {
		err    error
		status int
		again  bool
	}{
		"a bad value":                 {refusal(fault.Invalid), 422, true},
		"a name that is taken":        {refusal(fault.Conflict), 409, true},
		"a protected thing":           {refusal(fault.Forbidden), 403, true},
		"a quota":                     {refusal(fault.Limit), 409, true},
		"busy":                        {refusal(fault.Overloaded), 503, true},
		"a thing that the form named": {refusal(fault.NotFound).In("image"), 422, true},
		"the page's own thing":        {refusal(fault.NotFound), 404, false},
		"ours":                        {errors.New("disk"), 500, false},
	} {
		s, _ := newConsole(t)
		shown := false
		s.echo.POST("/test/form", func(c echo.Context) error {
			return s.formError(c, tt.err, func(*fault.Error) templ.Component {
				shown = true
				return templ.Raw("the form")
			})
		})
		if w := ask(s, "POST", "/test/form", ""); w.Code != tt.status || shown != tt.again {
			t.Errorf("%s: %d, shown again %v", because, w.Code, shown)
		}
	}
}

func TestAnUnknownAddressIsAFriendlyPage(t *testing.T) {
	s, _ := newConsole(t)
	w := ask(s, "GET", "/no/such/page", "", "Accept-Language", "ja")
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "ページが見つかりません") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

func TestARenderingThatFailsLeavesNoHalfPage(t *testing.T) {
	s, _ := newConsole(t)
	s.echo.GET("/test/render", func(c echo.Context) error {
		return s.page(c, 200, templ.Join(templ.Raw("first half"), failing{}))
	})
	w := ask(s, "GET", "/test/render", "")
	if w.Code != 500 || strings.Contains(w.Body.String(), "first half") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}
