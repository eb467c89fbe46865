package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"elbow/engine/fault"
	"elbow/views/ui"
)

// home is where a person goes when there is nowhere else to go.
const home = "/ec2/"

// routesPreferences registers the forms that keep a person's choices in cookies.
func (s *Server) routesPreferences(g *echo.Group) {
	g.POST("/preferences/language", s.choose("lang", langCookie, "en", "ja"))
	g.POST("/preferences/theme", s.choose("mode", modeCookie, "system", "light", "dark"))
	g.POST("/preferences/table", s.chooseTable)
}

// choose keeps one of the choices of a field in a cookie and goes back to the page.
func (s *Server) choose(field, cookie string, choices ...string) echo.HandlerFunc {
	return func(c echo.Context) error {
		f, err := s.form(c)
		if err != nil {
			return err
		}
		choice := f.OneOf(field, choices...)
		if err := f.Err(); err != nil {
			return err
		}
		keep(c, cookie, choice)
		return s.see(c, back(c, home))
	}
}

// chooseTable keeps how one table is shown.
func (s *Server) chooseTable(c echo.Context) error {
	f, err := s.form(c)
	if err != nil {
		return err
	}
	table, preferences := ui.ParsePreferences(f.Values)
	value := preferences.String()
	if !tableName.MatchString(table) || len(value) > maxPreferences {
		return fault.New(fault.Invalid, "ValidationError", "There is no table named %q.", clip(table)).In("table")
	}
	keep(c, tableCookie+table, value)
	return s.see(c, back(c, home))
}

// tableName is what a table may be called: it becomes part of a cookie's name.
var tableName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// maxPreferences is the longest cookie kept for a table, in bytes: with some twenty tables
// all cookies together stay well below the 64 KiB of a request's header.
const maxPreferences = 1024

// keep sets a cookie for a year, on this host name alone.
func keep(c echo.Context, name, value string) {
	c.SetCookie(&http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// back is the page that the posted form names in its field "back", if it is one of ours,
// else the fallback.
func back(c echo.Context, fallback string) string {
	return localPath(c.Request().PostFormValue("back"), fallback)
}

// localPath returns to when it is a path on this origin and nothing that a browser could
// take for another one (//host, /\host, a scheme, a control character), else the fallback.
func localPath(to, fallback string) string {
	u, err := url.Parse(to)
	local := err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && u.Opaque == "" &&
		strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(u.Path, "//") &&
		!strings.ContainsAny(to, "\\\t\r\n")
	if !local || len(to) > maxField {
		return fallback
	}
	return to
}
