package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// mounts lists who registers routes: one line a file. GET never changes anything, every
// change is a POST, and each is tested to be so by walking the routes.
func (s *Server) mounts() []func(*echo.Group) {
	return []func(*echo.Group){
		s.routesHome,
		s.routesAssets,
		s.routesEvents,
		s.routesPreferences,
		s.routesActivity,
		s.routesDashboard,
		s.routesImages,
		s.routesKeyPairs,
		s.routesLaunch,
		s.routesSecurityGroups,
		s.routesSnapshots,
		s.routesTags,
		s.routesLoadBalancers,
		s.routesInstances,
		s.routesInstanceDetail,
		s.routesFiles,
		s.routesServices,
	}
}

// routesHome sends the bare address to the dashboard.
func (s *Server) routesHome(g *echo.Group) {
	g.GET("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/ec2/") })
	g.GET("/healthz", healthy)
}

// healthy answers that the process serves; it asks nothing of the engine.
func healthy(c echo.Context) error { return c.String(http.StatusOK, "ok") }

// The largest request bodies, in bytes.
const (
	maxBody   = 1 << 20 // a form
	maxText   = 4 << 20 // a form with a text file of 1 MiB in it, escaped
	maxUpload = 1 << 30 // a file on its way to an instance, streamed
)

// bodyLimit is how many bytes a request to a route may carry. Only the routes that move
// files take more than a form.
func bodyLimit(route string) int64 {
	switch {
	case strings.HasSuffix(route, "/files/upload"):
		return maxUpload
	case strings.HasSuffix(route, "/files/save"):
		return maxText
	}
	return maxBody
}
