package web

import (
	"github.com/labstack/echo/v4"

	"elbow/static"
)

// routesAssets registers the style sheets, scripts and icons. Their addresses carry a hash
// of their content, so that they may be kept for ever.
func (s *Server) routesAssets(g *echo.Group) {
	g.GET("/assets/*", echo.WrapHandler(static.Handler()))
}
