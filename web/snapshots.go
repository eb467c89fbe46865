package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"elbow/views"
	"elbow/views/i18n"
)

// routesSnapshots registers the pages about snapshots.
func (s *Server) routesSnapshots(g *echo.Group) {
	g.GET("/ec2/snapshots", s.listSnapshots)
	g.POST("/ec2/snapshots/delete", s.deleteSnapshots)
}

func (s *Server) listSnapshots(c echo.Context) error {
	all, err := s.engine.DescribeSnapshots(c.Request().Context())
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.SnapshotsPage(all, c.QueryParams()["sel"]))
}

func (s *Server) deleteSnapshots(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	return s.each(c, f.Many("id"), "/ec2/snapshots", i18n.T(ctx, "snapshots.delete"), func(id string) error {
		return s.engine.DeleteSnapshot(ctx, id)
	}, func(n int, names string) string {
		return i18n.N(ctx, "snapshots.deleted", n, i18n.V{"IDs": names})
	})
}
