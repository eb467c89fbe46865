package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"elbow/views/i18n"
	"elbow/views/ui"
)

func TestOnlyPostChangesAnything(t *testing.T) {
	s, _ := newConsole(t)
	posts := 0
	for _, route := range s.echo.Routes() {
		switch route.Method {
		case http.MethodGet:
		case http.MethodPost:
			posts++
		default:
			t.Errorf("%s %s: a page answers GET, a change POST", route.Method, route.Path)
		}
	}
	if posts == 0 {
		t.Error("no route changes anything: the test looks in the wrong place")
	}
	for _, route := range s.echo.Routes() {
		if route.Method != http.MethodPost {
			continue
		}
		for _, method := range []string{"PUT", "DELETE", "PATCH", "TRACE"} {
			if w := ask(s, method, route.Path, ""); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, route.Path, w.Code)
			}
		}
	}
}

func TestNoOtherSiteCanWrite(t *testing.T) {
	s, _ := newConsole(t)
	ran := 0
	s.echo.POST("/test/write", func(c echo.Context) error { ran++; return c.NoContent(204) })
	for _, tt := range []struct {
		because string
		headers []string
		allowed bool
	}{
		{"a cross-site form", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a tenant's page on another port of localhost", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"a cross-site form that claims our origin", []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://localhost:8080"}, false},
		{"an opaque origin", []string{"Origin", "null"}, false},
		{"a foreign origin from an old browser", []string{"Origin", "http://evil.test"}, false},
		{"the same name on another port", []string{"Origin", "http://localhost:9999"}, false},
		{"our own page", []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"our own page without Sec-Fetch", []string{"Origin", "http://localhost:8080"}, true},
		{"a program, not a browser", nil, true},
	} {
		for _, route := range s.echo.Routes() {
			if route.Method != http.MethodPost || tt.allowed && route.Path != "/test/write" {
				continue
			}
			ran = 0
			w := ask(s, "POST", route.Path, "", tt.headers...)
			if refused := w.Code == http.StatusForbidden && ran == 0; refused == tt.allowed {
				t.Errorf("%s to %s: %d, ran %d times", tt.because, route.Path, w.Code, ran)
			}
			if !tt.allowed && strings.Contains(w.Body.String(), "<script") {
				t.Errorf("%s to %s: the refusal runs scripts", tt.because, route.Path)
			}
		}
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	s, _ := newConsole(t)
	s.Shutdown() // so that the event stream ends at once
	want := regexp.MustCompile(`^default-src 'none'; script-src 'nonce-[0-9a-f]{32}'; style-src 'self'; img-src 'self' data:; font-src 'self'; ` +
		`connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$`)
	seen := map[string]bool{}
	paths := []string{"/nothing/here", "/assets/none", "/%zz"[:1]}
	for _, route := range s.echo.Routes() {
		paths = append(paths, route.Path)
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST", "HEAD", "DELETE"} {
			h := ask(s, method, path, "").Header()
			csp := h.Get("Content-Security-Policy")
			if !want.MatchString(csp) || seen[csp] {
				t.Errorf("%s %s: policy %q (used before: %v)", method, path, csp, seen[csp])
			}
			seen[csp] = true
			for name, value := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if h.Get(name) != value {
					t.Errorf("%s %s: %s is %q", method, path, name, h.Get(name))
				}
			}
			if strings.HasPrefix(h.Get("Content-Type"), "text/html") && h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: HTML may be kept: %q", method, path, h.Get("Cache-Control"))
			}
		}
	}
}

func TestAPanicEndsInAPageWithTheIdOfTheLog(t *testing.T) {
	s, _ := newConsole(t)
	var log bytes.Buffer
	s.log = slog.New(slog.NewTextHandler(&log, nil))
	s.echo.GET("/test/panic", func(echo.Context) error { panic("the secret cause") })
	w := ask(s, "GET", "/test/panic", "")
	id := w.Header().Get(requestIDHeader)
	if w.Code != 500 || len(id) != 16 || !strings.Contains(w.Body.String(), id) {
		t.Errorf("%d with id %q:\n%s", w.Code, id, w.Body)
	}
	if strings.Contains(w.Body.String(), "secret cause") {
		t.Error("the page tells the cause")
	}
	if !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "secret cause") || !strings.Contains(log.String(), "guard_test.go") {
		t.Errorf("the log does not tell where and why:\n%s", log.String())
	}
}

func TestAPanicOfAGuardIsABare500(t *testing.T) {
	s, _ := newConsole(t)
	boom := s.rescued(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New("boom")) }))
	w := httptest.NewRecorder()
	boom.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "boom") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAnErrorAfterTheFirstByteCutsTheConnection(t *testing.T) {
	s, _ := newConsole(t)
	s.echo.GET("/test/half", func(c echo.Context) error {
		c.Response().Header().Set("Content-Length", "100")
		c.Response().WriteHeader(200)
		io.WriteString(c.Response(), "half")
		return errors.New("the disk went away")
	})
	resp, err := fetch(t, "GET", serve(t, s), "/test/half")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("half an answer was taken for a whole one")
	}
}

func TestBodiesAreBoundedByTheRoute(t *testing.T) {
	s, _ := newConsole(t)
	read := func(c echo.Context) error {
		if _, err := s.form(c); err != nil {
			return err
		}
		return c.NoContent(204)
	}
	s.echo.POST("/test/form", read)
	s.echo.POST("/test/:id/files/save", read)
	for _, tt := range []struct {
		path  string
		bytes int
		want  int
	}{
		{"/test/form", maxBody - 2, 204},
		{"/test/form", maxBody, 413},
		{"/test/i-1/files/save", maxBody + 1, 204},
		{"/test/i-1/files/save", maxText, 413},
	} {
		if w := ask(s, "POST", tt.path, "a="+strings.Repeat("x", tt.bytes)); w.Code != tt.want {
			t.Errorf("%d bytes to %s: %d, want %d", tt.bytes, tt.path, w.Code, tt.want)
		}
	}
	if w := ask(s, "POST", "/test/form", "a=%zz"); w.Code != 400 {
		t.Errorf("a malformed form: %d", w.Code)
	}
}

func TestHeadAnswersLikeGetWithoutABody(t *testing.T) {
	s, _ := newConsole(t)
	resp, err := fetch(t, "HEAD", serve(t, s), "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); resp.StatusCode != 200 || resp.ContentLength != 2 || len(body) != 0 || err != nil {
		t.Errorf("%d, length %d, body %q, %v", resp.StatusCode, resp.ContentLength, body, err)
	}
}

func TestThePageKnowsItsSurroundings(t *testing.T) {
	s, _ := newConsole(t)
	var page ui.Page
	var lang string
	s.echo.GET("/test/page", func(c echo.Context) error {
		page, lang = ui.PageOf(c.Request().Context()), i18n.Lang(c.Request().Context())
		return c.NoContent(204)
	})
	ask(s, "GET", "/test/page?dialog=stop&sel=i-1", "", "Cookie", "elbow_mode=dark; elbow_lang=ja; elbow_table_instances=x",
		"Accept-Language", "en", "X-Forwarded-For", "203.0.113.9")
	if page.Mode != "dark" || lang != "ja" || page.Port != ":8080" || page.Dialog() != "stop" || page.Path != "/test/page" {
		t.Errorf("page %+v in %q", page, lang)
	}
	if page.ClientIP != "192.0.2.1" { // httptest's own client address
		t.Errorf("a forwarding header was believed: %q", page.ClientIP)
	}
	if _, ok := page.Preferences["instances"]; !ok || page.Nonce == "" || page.AccountID != "123456789012" {
		t.Errorf("page %+v", page)
	}
	ask(s, "GET", "/test/page", "", "Cookie", "elbow_mode=purple; elbow_lang=xx", "Accept-Language", "ja,en;q=0.5")
	if page.Mode != "" || lang != "ja" {
		t.Errorf("mode %q, language %q", page.Mode, lang)
	}
}

func TestTheClientIsWhoeverOpenedTheConnection(t *testing.T) {
	for remote, want := range map[string]string{
		"127.0.0.1:5000":          "127.0.0.1",
		"[::1]:5000":              "127.0.0.1",
		"[::ffff:192.0.2.7]:5000": "192.0.2.7",
		"[fe80::1%eth0]:5000":     "fe80::1",
		"[2001:db8::7]:5000":      "2001:db8::7",
		"@":                       "",
	} {
		got := client(&http.Request{RemoteAddr: remote})
		if want == "" && got.IsValid() || want != "" && got != netip.MustParseAddr(want) {
			t.Errorf("%q is %v, want %q", remote, got, want)
		}
	}
}
