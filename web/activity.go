package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/views"
)

// activityPage is how many lines of the history a page shows.
const activityPage = 50

// routesActivity registers the activity history.
func (s *Server) routesActivity(g *echo.Group) {
	g.GET("/activity", s.listActivity)
}

func (s *Server) listActivity(c echo.Context) error {
	view := views.ActivityPageView{Query: c.QueryParam("q"), Operation: c.QueryParam("operation"), Size: activityPage}
	page, _ := strconv.Atoi(c.QueryParam("page"))
	view.Page = min(max(page, 1), 1_000_000)
	lines, total, err := s.engine.DescribeActivities(c.Request().Context(), engine.ActivityFilter{
		Text: view.Query, Operation: view.Operation, Offset: (view.Page - 1) * activityPage, Limit: activityPage,
	})
	if err != nil {
		return err
	}
	view.Lines, view.Total = lines, total
	return s.page(c, http.StatusOK, views.ActivityPage(view))
}
