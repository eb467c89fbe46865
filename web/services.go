package web

import (
	"context"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesServices registers what is done to an instance's services.
func (s *Server) routesServices(g *echo.Group) {
	g.POST("/ec2/instances/:id/services", s.changeService)
}

// servicesTab is the Services tab; an instance whose services cannot be read says why.
func (s *Server) servicesTab(c echo.Context, in engine.InstanceDescription) (templ.Component, error) {
	services, err := s.engine.Services(c.Request().Context(), in.ID)
	f, refused := fault.Of(err)
	if err != nil && !refused {
		return nil, err
	}
	return views.ServicesTab(in.ID, in.State == compute.Running, services, f), nil
}

func (s *Server) changeService(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	id, name, tab := c.Param("id"), f.Text("service"), "/ec2/instances/"+c.Param("id")+"?tab=services"
	do, done := s.serviceVerb(ctx, f.OneOf("do", "install", "start", "stop", "restart", "enable", "disable"), name)
	if err = f.Err(); err == nil {
		err = do(ctx, id, name)
	}
	if err != nil {
		return s.refused(c, err, tab, i18n.T(ctx, "services.refused", i18n.V{"Name": name}))
	}
	return s.done(c, tab, ui.Flash{Title: done})
}

// serviceVerb is the operation behind a button, and what is said when it is done.
func (s *Server) serviceVerb(ctx context.Context, verb, name string) (func(context.Context, string, string) error, string) {
	v := i18n.V{"Name": name}
	switch verb {
	case "install":
		return s.engine.InstallService, i18n.T(ctx, "services.done_install", v)
	case "start":
		return s.engine.StartService, i18n.T(ctx, "services.done_start", v)
	case "stop":
		return s.engine.StopService, i18n.T(ctx, "services.done_stop", v)
	case "restart":
		return s.engine.RestartService, i18n.T(ctx, "services.done_restart", v)
	case "enable":
		return s.engine.EnableService, i18n.T(ctx, "services.done_enable", v)
	case "disable":
		return s.engine.DisableService, i18n.T(ctx, "services.done_disable", v)
	}
	return nil, ""
}
