package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesInstances registers the list of instances and what is done from it.
func (s *Server) routesInstances(g *echo.Group) {
	g.GET("/ec2/instances", s.listInstances)
	g.POST("/ec2/instances/open", s.openInstance)
	g.POST("/ec2/instances/start", s.moveInstances(s.engine.StartInstances, startWords))
	g.POST("/ec2/instances/stop", s.moveInstances(s.engine.StopInstances, stopWords))
	g.POST("/ec2/instances/reboot", s.moveInstances(s.engine.RebootInstances, rebootWords))
	g.POST("/ec2/instances/terminate", s.moveInstances(s.engine.TerminateInstances, terminateWords))
	g.POST("/ec2/instances/protection", s.protectInstance)
}

func (s *Server) listInstances(c echo.Context) error {
	all, err := s.engine.DescribeInstances(c.Request().Context())
	if err != nil {
		return err
	}
	selected := chosen(c, all, func(in engine.InstanceDescription) string { return in.ID })
	return s.page(c, http.StatusOK, views.InstancesPage(all, selected))
}

// chosen are the resources of a list whose rows are selected.
func chosen[T any](c echo.Context, list []T, id func(T) string) []T {
	selected := c.QueryParams()["sel"]
	return slices.DeleteFunc(slices.Clone(list), func(resource T) bool { return !slices.Contains(selected, id(resource)) })
}

// openInstance goes to a page about the selected instance.
func (s *Server) openInstance(c echo.Context) error {
	f, err := s.form(c)
	if err != nil {
		return err
	}
	ids := f.Many("sel")
	if len(ids) != 1 {
		return s.see(c, "/ec2/instances")
	}
	switch to := f.Text("to"); to {
	case "tags":
		return s.see(c, views.TagsPath("instance", ids[0]))
	case "groups", "create-image":
		return s.see(c, "/ec2/instances/"+url.PathEscape(ids[0])+"/"+to)
	}
	return s.see(c, "/ec2/instances/"+url.PathEscape(ids[0]))
}

// words are the sentences of one move: when it was begun, and the title of a refusal.
type words func(ctx context.Context, ids string) (done, refused string)

func startWords(ctx context.Context, ids string) (done, refused string) {
	return i18n.T(ctx, "instances.started", i18n.V{"IDs": ids}), i18n.T(ctx, "instances.start_refused", i18n.V{"IDs": ids})
}

func stopWords(ctx context.Context, ids string) (done, refused string) {
	return i18n.T(ctx, "instances.stopped", i18n.V{"IDs": ids}), i18n.T(ctx, "instances.stop_refused", i18n.V{"IDs": ids})
}

func rebootWords(ctx context.Context, ids string) (done, refused string) {
	return i18n.T(ctx, "instances.rebooted", i18n.V{"IDs": ids}), i18n.T(ctx, "instances.reboot_refused", i18n.V{"IDs": ids})
}

func terminateWords(ctx context.Context, ids string) (done, refused string) {
	return i18n.T(ctx, "instances.terminated", i18n.V{"IDs": ids}), i18n.T(ctx, "instances.terminate_refused", i18n.V{"IDs": ids})
}

// moveInstances begins a move of all the instances of a form, or of none.
func (s *Server) moveInstances(move func(context.Context, ...string) ([]engine.StateChange, error), say words) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		f, err := s.form(c)
		if err != nil {
			return err
		}
		ids := append(f.Many("id"), f.Many("sel")...)
		if len(ids) == 0 {
			return s.refused(c, noneSelected(), back(c, "/ec2/instances"), i18n.T(ctx, "instances.title"))
		}
		done, refused := say(ctx, strings.Join(ids, ", "))
		if err = f.Err(); err == nil {
			_, err = move(ctx, ids...)
		}
		if err != nil {
			return s.refused(c, err, back(c, "/ec2/instances"), refused)
		}
		return s.done(c, back(c, "/ec2/instances"), ui.Flash{Title: done})
	}
}

func (s *Server) protectInstance(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	id := f.Text("id")
	if err := s.engine.ModifyTerminationProtection(ctx, id, f.Flag("on")); err != nil {
		return s.refused(c, err, back(c, "/ec2/instances"), i18n.T(ctx, "instances.protection"))
	}
	return s.done(c, back(c, "/ec2/instances"), ui.Flash{Title: i18n.T(ctx, "instances.protection_saved", i18n.V{"ID": id})})
}
