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

// routesInstanceDetail registers the pages about one instance.
func (s *Server) routesInstanceDetail(g *echo.Group) {
	g.GET("/ec2/instances/:id", s.showInstance)
	g.GET("/ec2/instances/:id/create-image", s.newImage)
	g.POST("/ec2/instances/:id/create-image", s.createImage)
	g.GET("/ec2/instances/:id/groups", s.editInstanceGroups)
	g.POST("/ec2/instances/:id/groups", s.saveInstanceGroups)
}

func (s *Server) instance(c echo.Context) (engine.InstanceDescription, error) {
	found, err := s.engine.DescribeInstances(c.Request().Context(), c.Param("id"))
	if err != nil {
		return engine.InstanceDescription{}, err
	}
	return found[0], nil
}

func (s *Server) showInstance(c echo.Context) error {
	in, err := s.instance(c)
	if err != nil {
		return err
	}
	tab := c.QueryParam("tab")
	content, live, err := s.instanceTab(c, in, tab)
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.InstancePage(in, tab, live, content))
}

// instanceTab is the content of a tab, and what changes it: a tab with a form in it is not
// replaced while somebody types.
func (s *Server) instanceTab(c echo.Context, in engine.InstanceDescription, tab string) (templ.Component, []string, error) {
	live := []string{"instance"}
	switch tab {
	case "checks":
		return views.InstanceChecks(in), live, nil
	case "security":
		if len(in.Interface.Groups) == 0 {
			return views.InstanceSecurity(in, nil), live, nil
		}
		groups, err := s.engine.DescribeSecurityGroups(c.Request().Context(), in.Interface.Groups...)
		return views.InstanceSecurity(in, groups), []string{"instance", "security-group"}, err
	case "networking":
		return views.InstanceNetworking(in), live, nil
	case "storage":
		return views.InstanceStorage(in), live, nil
	case "files":
		content, err := s.filesTab(c, in)
		return content, nil, err
	case "services":
		content, err := s.servicesTab(c, in)
		return content, live, err
	case "tags":
		return views.TagsTab("instance", in.ID, in.Tags), live, nil
	}
	return views.InstanceDetails(in), live, nil
}

func (s *Server) newImage(c echo.Context) error {
	in, err := s.instance(c)
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.CreateImagePage(views.CreateImageForm{Instance: in, Reboot: true}))
}

func (s *Server) createImage(c echo.Context) error {
	ctx := c.Request().Context()
	in, err := s.instance(c)
	if err != nil {
		return err
	}
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := views.CreateImageForm{Instance: in, Name: f.Text("name"), Description: f.Text("description"), Reboot: f.Flag("reboot"), Tags: typedTags(f)}
	if ui.EditRows(f.Values, "tags", "tag_key", "tag_value") {
		form.Tags = typedTags(f)
		return s.page(c, http.StatusOK, views.CreateImagePage(form))
	}
	show := func(e *fault.Error) templ.Component { form.Fault = e; return views.CreateImagePage(form) }
	input := engine.CreateImageInput{InstanceID: in.ID, Name: form.Name, Description: form.Description, NoReboot: !form.Reboot, Tags: f.Tags()}
	if err := f.Err(); err != nil {
		return s.formError(c, err, show)
	}
	id, err := s.engine.CreateImage(ctx, input)
	if err != nil {
		return s.formError(c, err, show)
	}
	return s.done(c, "/ec2/instances", ui.Flash{
		Title: i18n.T(ctx, "instances.image_begun", i18n.V{"Image": id, "Instance": in.ID}),
		Href:  "/ec2/images/" + id, LinkText: i18n.T(ctx, "instances.view_image"),
	})
}

func (s *Server) editInstanceGroups(c echo.Context) error {
	in, err := s.instance(c)
	if err != nil {
		return err
	}
	groups, err := s.engine.DescribeSecurityGroups(c.Request().Context())
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.ChangeGroupsPage(views.ChangeGroupsForm{Instance: in, Groups: groups, Selected: in.Interface.Groups}))
}

func (s *Server) saveInstanceGroups(c echo.Context) error {
	ctx := c.Request().Context()
	in, err := s.instance(c)
	if err != nil {
		return err
	}
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := views.ChangeGroupsForm{Instance: in, Selected: f.Many("group_ids")}
	if form.Groups, err = s.engine.DescribeSecurityGroups(ctx); err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		err = s.engine.ModifyInstanceGroups(ctx, in.ID, form.Selected)
	}
	if err != nil {
		return s.formError(c, err, func(e *fault.Error) templ.Component { form.Fault = e; return views.ChangeGroupsPage(form) })
	}
	return s.done(c, "/ec2/instances/"+in.ID+"?tab=security", ui.Flash{Title: i18n.T(ctx, "instances.groups_saved", i18n.V{"ID": in.ID})})
}
