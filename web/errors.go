package web

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// statusOf is the one table from kinds of fault to HTTP statuses.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict, fault.Limit:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Overloaded:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// formError shows the form again with the fault in it, the words that were typed kept.
// What the person cannot mend in this form (ours, or a page whose subject does not exist)
// is returned for the error page.
func (s *Server) formError(c echo.Context, err error, show func(*fault.Error) templ.Component) error {
	f, ok := fault.Of(err)
	if !ok || f.Kind == fault.Internal || f.Kind == fault.NotFound && f.Field == "" {
		return err
	}
	status := statusOf(f.Kind)
	if f.Kind == fault.NotFound { // the form named it; the page itself is there
		status = http.StatusUnprocessableEntity
	}
	return s.page(c, status, show(f))
}

// failed is where every error of a route becomes a response, and the one place that logs it.
func (s *Server) failed(err error, c echo.Context) {
	ctx := c.Request().Context()
	if ctx.Err() != nil {
		return // nobody is there to read it
	}
	shown := s.shown(ctx, err)
	if shown.Status >= http.StatusInternalServerError {
		s.logFailure(c, shown.Status, err)
	}
	if c.Response().Committed {
		panic(http.ErrAbortHandler) // cut: the client must not take half an answer for a whole one
	}
	if err := s.sorry(c, shown); err != nil {
		s.logFailure(c, http.StatusInternalServerError, err)
		http.Error(c.Response(), "Internal error "+shown.RequestID, http.StatusInternalServerError)
	}
}

// sorry answers with the error: a flash for a fragment, a page otherwise.
func (s *Server) sorry(c echo.Context, shown views.Error) error {
	if c.Request().Header.Get("HX-Request") == "" {
		return s.page(c, shown.Status, views.ErrorPage(shown))
	}
	// The fragment brings its own target, the flash region; what was to be swapped stays.
	c.Response().Header().Set("HX-Reswap", "none")
	return s.fragment(c, shown.Status, ui.FlashPartial(ui.Flash{
		ID: "flash-" + randomHex(4), Kind: ui.FlashError, Title: shown.Title, Text: shown.Text,
	}))
}

// shown is what a person is told about err. What is ours is not explained to them: they
// get the id under which the log has the cause.
func (s *Server) shown(ctx context.Context, err error) views.Error {
	e := views.Error{Status: http.StatusInternalServerError, RequestID: requestID(ctx)}
	if f, ok := fault.Of(err); ok && f.Kind != fault.Internal {
		e.Status, e.Code, e.Text = statusOf(f.Kind), f.Code, i18n.Fault(ctx, f)
	} else if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		e.Status = he.Code
	} else if errors.Is(err, os.ErrDeadlineExceeded) {
		e.Status = http.StatusRequestTimeout
	} else if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		e.Status = http.StatusRequestEntityTooLarge
	}
	e.Title, e.Text = titled(ctx, e.Status, e.Text)
	return e
}

// titled gives a status its words; a text that says more is kept.
func titled(ctx context.Context, status int, text string) (title, body string) {
	switch status {
	case http.StatusBadRequest:
		title, body = i18n.T(ctx, "error.bad_request_title"), i18n.T(ctx, "error.bad_request")
	case http.StatusForbidden:
		title, body = i18n.T(ctx, "error.forbidden_title"), i18n.T(ctx, "error.forbidden")
	case http.StatusNotFound:
		title, body = i18n.T(ctx, "error.not_found_title"), i18n.T(ctx, "error.not_found")
	case http.StatusMethodNotAllowed:
		title, body = i18n.T(ctx, "error.method_title"), i18n.T(ctx, "error.method")
	case http.StatusRequestTimeout:
		title, body = i18n.T(ctx, "error.timeout_title"), i18n.T(ctx, "error.timeout")
	case http.StatusConflict:
		title, body = i18n.T(ctx, "error.conflict_title"), i18n.T(ctx, "error.conflict")
	case http.StatusRequestEntityTooLarge:
		title, body = i18n.T(ctx, "error.too_large_title"), i18n.T(ctx, "error.too_large")
	case http.StatusUnprocessableEntity:
		title, body = i18n.T(ctx, "error.invalid_title"), i18n.T(ctx, "error.invalid")
	case http.StatusServiceUnavailable:
		title, body = i18n.T(ctx, "error.overloaded_title"), i18n.T(ctx, "error.overloaded")
	default:
		title, body = i18n.T(ctx, "error.internal_title"), i18n.T(ctx, "error.internal")
	}
	if text != "" {
		body = text
	}
	return title, body
}

// unreadable makes of a body that could not be read as a form what it is: too long, too
// slow, or malformed.
func unreadable(err error) error {
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
}

func (s *Server) logFailure(c echo.Context, status int, err error) {
	attrs := []any{
		"request", requestID(c.Request().Context()), "method", c.Request().Method, "route", c.Path(), "status", status, "err", err,
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, "stack", string(p.stack))
	}
	s.log.ErrorContext(c.Request().Context(), "request failed", attrs...)
}
