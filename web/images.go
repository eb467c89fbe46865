package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesImages registers the pages about AMIs.
func (s *Server) routesImages(g *echo.Group) {
	g.GET("/ec2/images", s.listImages)
	g.GET("/ec2/images/:id", s.showImage)
	g.POST("/ec2/images/launch", s.launchFromImage)
	g.POST("/ec2/images/deregister", s.deregisterImages)
}

func (s *Server) listImages(c echo.Context) error {
	all, err := s.engine.DescribeImages(c.Request().Context())
	if err != nil {
		return err
	}
	owned := c.QueryParam("owner") != "public"
	var shown []engine.ImageDescription
	for _, image := range all {
		if owned == (image.Base == "") {
			shown = append(shown, image)
		}
	}
	return s.page(c, http.StatusOK, views.ImagesPage(owned, shown, chosenImages(c, shown)))
}

// chosenImages are the selected images that may be deregistered.
func chosenImages(c echo.Context, images []engine.ImageDescription) []engine.ImageDescription {
	selected := chosen(c, images, func(image engine.ImageDescription) string { return image.ID })
	return slices.DeleteFunc(selected, func(image engine.ImageDescription) bool { return image.Base != "" })
}

func (s *Server) showImage(c echo.Context) error {
	images, err := s.engine.DescribeImages(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.ImagePage(images[0], c.QueryParam("tab")))
}

// launchFromImage goes to the launch page with the selected image.
func (s *Server) launchFromImage(c echo.Context) error {
	f, err := s.form(c)
	if err != nil {
		return err
	}
	ids := f.Many("sel")
	if len(ids) != 1 {
		return s.done(c, "/ec2/images", ui.Flash{Kind: ui.FlashError, Title: i18n.T(c.Request().Context(), "images.launch_one")})
	}
	return s.see(c, "/ec2/instances/launch?ami="+url.QueryEscape(ids[0]))
}

func (s *Server) deregisterImages(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	ids, title := f.Many("id"), i18n.T(ctx, "images.deregister")
	return s.each(c, ids, "/ec2/images", title, func(id string) error {
		return s.engine.DeregisterImage(ctx, id, f.Flag("delete_snapshots"))
	}, func(n int, names string) string {
		return i18n.N(ctx, "images.deregistered", n, i18n.V{"IDs": names})
	})
}

// each does one thing to each of several resources and tells how it went: what is done
// stays done, and the first refusal ends it with its reason.
func (s *Server) each(c echo.Context, ids []string, to, title string, do func(id string) error, said func(n int, names string) string) error {
	if len(ids) == 0 {
		return s.refused(c, noneSelected(), to, title)
	}
	if err := namesOf(ids); err != nil {
		return s.refused(c, err, to, title)
	}
	for i, id := range ids {
		if err := do(id); err != nil {
			if i > 0 {
				s.flash(c, ui.Flash{Kind: ui.FlashSuccess, Title: said(i, strings.Join(ids[:i], ", "))})
			}
			return s.refused(c, err, to, title)
		}
	}
	return s.done(c, to, ui.Flash{Title: said(len(ids), strings.Join(ids, ", "))})
}

// namesOf refuses what cannot be the id or the name of anything: some operations succeed
// on what does not exist, and would repeat it as done.
func namesOf(ids []string) error {
	var f form
	for _, id := range ids {
		f.check("id", id)
	}
	return f.Err()
}

// noneSelected refuses what is done to the selected rows when there are none.
func noneSelected() error {
	return fault.New(fault.Invalid, "MissingParameter", "Select at least one resource first.")
}
