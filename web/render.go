package web

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/views/ui"
)

// partial reports whether htmx wants a fragment; Back, forward and a region that selects
// itself out of the whole page say "full".
func partial(c echo.Context) bool { return c.Request().Header.Get("HX-Request-Type") == "partial" }

// byScript reports whether a script of ours asks, and so whether nobody would see the
// flashes of the answer: a live region or a dialog takes only itself out of the page. Over
// plain HTTP on a LAN name there is no Sec-Fetch-Mode; then a bare Accept gives scripts away.
func byScript(r *http.Request) bool {
	if r.Header.Get("HX-Request") != "" {
		return true
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode != "navigate"
	}
	return r.Header.Get("Accept") == "text/html"
}

// page answers with a whole page. The flashes that wait for this visitor are shown on it
// and are then gone, unless a script asks.
func (s *Server) page(c echo.Context, status int, view templ.Component) error {
	r := c.Request()
	if !byScript(r) {
		p := ui.PageOf(r.Context())
		p.Flashes = append(p.Flashes, s.flashes.take(session(c))...)
		c.SetRequest(r.WithContext(ui.WithPage(r.Context(), p)))
	}
	return s.fragment(c, status, view)
}

// fragment answers with the components, one after the other, and nothing around them.
// They are rendered whole before the first byte goes out, so that an error never leaves
// half a page.
func (s *Server) fragment(c echo.Context, status int, views ...templ.Component) error {
	buf := templ.GetBuffer()
	defer templ.ReleaseBuffer(buf)
	for _, view := range views {
		if err := view.Render(c.Request().Context(), buf); err != nil {
			return err
		}
	}
	header := c.Response().Header()
	header.Add("Vary", "HX-Request-Type, Accept-Language, Cookie")
	header.Set("Cache-Control", "no-store")
	return c.HTMLBlob(status, buf.Bytes())
}

// withDialog makes the page about to be rendered the one that the posted form came from
// (its field "back", else the fallback), with the dialog open and the posted rows selected:
// for showing the form of a dialog again.
func (s *Server) withDialog(c echo.Context, fallback, dialog string) {
	r := c.Request()
	at, err := url.Parse(back(c, fallback))
	if err != nil { // the fallback is a literal of ours
		at = &url.URL{Path: home}
	}
	query := at.Query()
	query.Set("dialog", dialog)
	if sel := r.PostForm["sel"]; len(sel) > 0 {
		query["sel"] = sel
	}
	s.at(c, at.Path, query)
}

// at makes the page about to be rendered stand at another address than the request's: a
// POST that shows a form again, whose links must lead to the form's own page.
func (s *Server) at(c echo.Context, path string, query url.Values) {
	r := c.Request()
	c.SetRequest(r.WithContext(ui.At(r.Context(), path, query)))
}

// see sends the browser to a page of ours after a change: 303, so that reloading does not
// repeat the change; htmx is told to go there as a whole.
func (s *Server) see(c echo.Context, to string) error {
	to = localPath(to, home)
	if c.Request().Header.Get("HX-Request") != "" {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// done ends an operation that went well: what happened is shown on the page gone to, as a
// success unless the flash says otherwise.
func (s *Server) done(c echo.Context, to string, f ui.Flash) error {
	if f.Kind == ui.FlashInfo {
		f.Kind = ui.FlashSuccess
	}
	s.flash(c, f)
	return s.see(c, to)
}
