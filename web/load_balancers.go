package web

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesLoadBalancers registers the pages about load balancers.
func (s *Server) routesLoadBalancers(g *echo.Group) {
	g.GET("/ec2/load-balancers", s.listLoadBalancers)
	g.GET("/ec2/create-load-balancer", s.newLoadBalancer)
	g.POST("/ec2/create-load-balancer", s.createLoadBalancer)
	g.POST("/ec2/load-balancers/open", s.openLoadBalancer)
	g.POST("/ec2/load-balancers/delete", s.deleteLoadBalancers)
	g.GET("/ec2/load-balancers/:name", s.showLoadBalancer)
	g.POST("/ec2/load-balancers/:name/deregister", s.deregisterTargets)
	for _, edit := range s.balancerEdits() {
		g.GET("/ec2/load-balancers/:name/"+edit.page, s.showEdit(edit))
		g.POST("/ec2/load-balancers/:name/"+edit.page, s.saveEdit(edit))
	}
}

func (s *Server) listLoadBalancers(c echo.Context) error {
	all, err := s.engine.DescribeLoadBalancers(c.Request().Context())
	if err != nil {
		return err
	}
	selected := chosen(c, all, func(b engine.LoadBalancerDescription) string { return b.Name })
	return s.page(c, http.StatusOK, views.LoadBalancersPage(all, selected))
}

// openLoadBalancer goes to a page about the selected load balancer.
func (s *Server) openLoadBalancer(c echo.Context) error {
	f, err := s.form(c)
	if err != nil {
		return err
	}
	names := f.Many("sel")
	if len(names) != 1 {
		return s.see(c, "/ec2/load-balancers")
	}
	to := f.Text("to")
	if to == "tags" {
		return s.see(c, views.TagsPath("load-balancer", names[0]))
	}
	for _, edit := range s.balancerEdits() {
		if edit.page == to {
			return s.see(c, views.BalancerPath(names[0])+"/"+to)
		}
	}
	return s.see(c, views.BalancerPath(names[0]))
}

// deleteLoadBalancers deletes what the dialog lists, once its word has been typed.
func (s *Server) deleteLoadBalancers(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	names := f.Many("name")
	if f.Text("confirm") != "confirm" {
		wrong := fault.New(fault.Invalid, "ValidationError", "Type %s to go on.", "confirm").In("confirm")
		return s.refused(c, wrong, back(c, "/ec2/load-balancers"), i18n.T(ctx, "load_balancers.delete"))
	}
	return s.each(c, names, "/ec2/load-balancers", i18n.T(ctx, "load_balancers.delete"), func(name string) error {
		return s.engine.DeleteLoadBalancer(ctx, name)
	}, func(n int, names string) string {
		return i18n.N(ctx, "load_balancers.deleted", n, i18n.V{"Names": names})
	})
}

// deregisterTargets ends the registrations that are selected on the Target instances tab.
func (s *Server) deregisterTargets(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	name := c.Param("name")
	targets := views.BalancerPath(name) + "?tab=targets"
	ids := f.Many("sel")
	if err := cmpErr(f.Err(), s.deregister(c, name, ids)); err != nil {
		return s.refused(c, err, targets, i18n.T(ctx, "load_balancers.deregister"))
	}
	return s.done(c, targets, ui.Flash{Title: i18n.N(ctx, "load_balancers.deregistered", len(ids), i18n.V{"Name": name})})
}

func (s *Server) deregister(c echo.Context, name string, ids []string) error {
	return s.engine.DeregisterInstances(c.Request().Context(), name, ids...)
}

// showLoadBalancer shows one load balancer, with the open tab.
func (s *Server) showLoadBalancer(c echo.Context) error {
	found, err := s.engine.DescribeLoadBalancers(c.Request().Context(), c.Param("name"))
	if err != nil {
		return err
	}
	tab := c.QueryParam("tab")
	content, live, err := s.balancerTab(c, found[0], &tab)
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.LoadBalancerPage(found[0], tab, live, content))
}

// balancerTab is the content of a tab, and what changes it. The targets' table and the
// charts keep themselves up to date.
func (s *Server) balancerTab(c echo.Context, b engine.LoadBalancerDescription, tab *string) (templ.Component, []string, error) {
	live := []string{"load-balancer"}
	switch *tab {
	case "network":
		return views.BalancerNetwork(b), []string{"load-balancer", "instance"}, nil
	case "security":
		groups, err := s.engine.DescribeSecurityGroups(c.Request().Context(), b.LoadBalancer.Groups...)
		return views.BalancerSecurity(b, groups), []string{"load-balancer", "security-group"}, err
	case "health":
		return views.BalancerHealthCheck(b), live, nil
	case "targets":
		return views.BalancerTargets(b), nil, nil
	case "monitoring":
		content, err := s.monitoringTab(c, b)
		return content, nil, err
	case "attributes":
		return views.BalancerAttributes(b), live, nil
	case "tags":
		return views.TagsTab("load-balancer", b.Name, b.Tags), live, nil
	}
	*tab = "listeners"
	return views.BalancerListeners(b), live, nil
}
