package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// balancerEdit is a page that edits one thing of a load balancer. fill adds what its lists
// need. read takes over what was typed and returns what applies it, or nil when only the
// form's rows were added or removed.
type balancerEdit struct {
	page string // the last part of its address
	tab  string // the tab that shows what was edited
	view func(views.BalancerEdit) templ.Component
	fill func(ctx context.Context, form *views.BalancerEdit, b engine.LoadBalancerDescription) error
	read func(f *form, form *views.BalancerEdit) func(ctx context.Context, name string) error
}

// balancerEdits are all such pages.
func (s *Server) balancerEdits() []balancerEdit {
	return []balancerEdit{
		{"listeners", "listeners", views.EditListenersPage, fillNothing, s.readListenersEdit},
		{"health-check", "health", views.EditHealthCheckPage, fillNothing, s.readCheckEdit},
		{"security-groups", "security", views.EditBalancerGroupsPage, s.fillGroups, s.readGroupsEdit},
		{"subnets", "network", views.EditSubnetsPage, s.fillSubnets, s.readSubnetsEdit},
		{"instances", "targets", views.ManageInstancesPage, s.fillInstances, s.readInstancesEdit},
		{"attributes", "attributes", views.EditAttributesPage, fillNothing, s.readAttributesEdit},
	}
}

// editForm is a page's form as the load balancer is now.
func (s *Server) editForm(c echo.Context, edit balancerEdit) (views.BalancerEdit, error) {
	ctx := c.Request().Context()
	found, err := s.engine.DescribeLoadBalancers(ctx, c.Param("name"))
	if err != nil {
		return views.BalancerEdit{}, err
	}
	b := found[0]
	whole := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	form := views.BalancerEdit{
		Name: b.Name, VPCID: b.VPCID, Listeners: shownListeners(b.Listeners), Check: shownCheck(b.HealthCheck),
		GroupIDs: b.LoadBalancer.Groups, CrossZone: b.Attributes.CrossZone, Draining: b.Attributes.ConnectionDraining,
		DrainFor: whole(b.Attributes.DrainingTimeout), IdleTimeout: whole(b.Attributes.IdleTimeout),
	}
	for _, n := range b.Nodes {
		form.SubnetIDs = append(form.SubnetIDs, n.SubnetID)
	}
	for _, r := range b.Registrations {
		form.InstanceIDs = append(form.InstanceIDs, r.InstanceID)
	}
	return form, edit.fill(ctx, &form, b)
}

func (s *Server) showEdit(edit balancerEdit) echo.HandlerFunc {
	return func(c echo.Context) error {
		form, err := s.editForm(c, edit)
		if err != nil {
			return err
		}
		return s.page(c, http.StatusOK, edit.view(form))
	}
}

// saveEdit applies what was typed, or shows the form again as it was filled in.
func (s *Server) saveEdit(edit balancerEdit) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		form, err := s.editForm(c, edit)
		if err != nil {
			return err
		}
		f, err := s.form(c)
		if err != nil {
			return err
		}
		apply := edit.read(f, &form)
		if apply == nil {
			return s.page(c, http.StatusOK, edit.view(form))
		}
		if err = f.Err(); err == nil {
			err = apply(ctx, form.Name)
		}
		if err != nil {
			return s.formError(c, err, func(e *fault.Error) templ.Component {
				form.Fault, form.Listeners = e, atListener(form.Listeners, e)
				return edit.view(form)
			})
		}
		return s.done(c, views.BalancerPath(form.Name)+"?tab="+edit.tab, ui.Flash{Title: i18n.T(ctx, "load_balancers.saved", i18n.V{"Name": form.Name})})
	}
}

func fillNothing(context.Context, *views.BalancerEdit, engine.LoadBalancerDescription) error {
	return nil
}

func (s *Server) fillGroups(ctx context.Context, form *views.BalancerEdit, b engine.LoadBalancerDescription) error {
	groups, err := s.engine.DescribeSecurityGroups(ctx)
	for _, g := range groups {
		if g.VPCID == b.VPCID {
			form.Groups = append(form.Groups, g)
		}
	}
	return err
}

func (s *Server) fillSubnets(ctx context.Context, form *views.BalancerEdit, _ engine.LoadBalancerDescription) (err error) {
	form.Subnets, err = s.engine.DescribeSubnets(ctx)
	return err
}

func (s *Server) fillInstances(ctx context.Context, form *views.BalancerEdit, _ engine.LoadBalancerDescription) (err error) {
	form.Instances, err = s.engine.DescribeInstances(ctx)
	return err
}

func (s *Server) readListenersEdit(f *form, form *views.BalancerEdit) func(context.Context, string) error {
	if editedListeners(f) {
		form.Listeners = typedListeners(f, true)
		return nil
	}
	form.Listeners = typedListeners(f, false)
	listeners, wrong := readListeners(form.Listeners)
	return func(ctx context.Context, name string) error {
		if wrong != nil {
			return wrong
		}
		return s.engine.SetListeners(ctx, name, listeners)
	}
}

func (s *Server) readCheckEdit(f *form, form *views.BalancerEdit) func(context.Context, string) error {
	form.Check = typedCheck(f)
	check := readCheck(f)
	return func(ctx context.Context, name string) error { return s.engine.ConfigureHealthCheck(ctx, name, check) }
}

func (s *Server) readGroupsEdit(f *form, form *views.BalancerEdit) func(context.Context, string) error {
	form.GroupIDs = f.Many("group_ids")
	return func(ctx context.Context, name string) error {
		return s.engine.ApplySecurityGroups(ctx, name, form.GroupIDs)
	}
}

func (s *Server) readSubnetsEdit(f *form, form *views.BalancerEdit) func(context.Context, string) error {
	form.SubnetIDs = f.Many("subnet_ids")
	return func(ctx context.Context, name string) error { return s.engine.SetSubnets(ctx, name, form.SubnetIDs) }
}

func (s *Server) readInstancesEdit(f *form, form *views.BalancerEdit) func(context.Context, string) error {
	form.InstanceIDs = f.Many("instance_ids")
	return func(ctx context.Context, name string) error {
		return s.engine.SetLoadBalancerInstances(ctx, name, form.InstanceIDs)
	}
}

func (s *Server) readAttributesEdit(f *form, form *views.BalancerEdit) func(context.Context, string) error {
	form.CrossZone, form.Draining = f.Flag("cross_zone"), f.Flag("draining")
	form.IdleTimeout = f.Text("idle_timeout")
	a := elb.Attributes{CrossZone: form.CrossZone, ConnectionDraining: form.Draining}
	if form.Draining { // without it the field is hidden, and keeps what it was
		form.DrainFor = f.Text("draining_timeout")
		a.DrainingTimeout = time.Duration(f.Int("draining_timeout", 1, 3600)) * time.Second
	} else if kept, err := strconv.Atoi(form.DrainFor); err == nil {
		a.DrainingTimeout = time.Duration(kept) * time.Second
	}
	a.IdleTimeout = time.Duration(f.Int("idle_timeout", 1, 4000)) * time.Second
	return func(ctx context.Context, name string) error { return s.engine.ModifyAttributes(ctx, name, a) }
}
