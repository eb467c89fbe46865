package web

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/engine/network"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesSecurityGroups registers the pages about security groups.
func (s *Server) routesSecurityGroups(g *echo.Group) {
	g.GET("/ec2/security-groups", s.listSecurityGroups)
	g.GET("/ec2/security-groups/create", s.newSecurityGroup)
	g.POST("/ec2/security-groups/create", s.createSecurityGroup)
	g.POST("/ec2/security-groups/open", s.openSecurityGroup)
	g.POST("/ec2/security-groups/delete", s.deleteSecurityGroups)
	g.GET("/ec2/security-groups/:id", s.showSecurityGroup)
	g.GET("/ec2/security-groups/:id/inbound", s.editRules(network.Ingress))
	g.POST("/ec2/security-groups/:id/inbound", s.saveRules(network.Ingress))
	g.GET("/ec2/security-groups/:id/outbound", s.editRules(network.Egress))
	g.POST("/ec2/security-groups/:id/outbound", s.saveRules(network.Egress))
}

func (s *Server) listSecurityGroups(c echo.Context) error {
	groups, err := s.engine.DescribeSecurityGroups(c.Request().Context())
	if err != nil {
		return err
	}
	selected := chosen(c, groups, func(g engine.SecurityGroupDescription) string { return g.ID })
	return s.page(c, http.StatusOK, views.SecurityGroupsPage(groups, selected))
}

func (s *Server) showSecurityGroup(c echo.Context) error {
	groups, err := s.engine.DescribeSecurityGroups(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.SecurityGroupPage(groups[0], c.QueryParam("tab")))
}

// openSecurityGroup goes to a page about the selected group.
func (s *Server) openSecurityGroup(c echo.Context) error {
	f, err := s.form(c)
	if err != nil {
		return err
	}
	ids := f.Many("sel")
	if len(ids) != 1 {
		return s.see(c, "/ec2/security-groups")
	}
	group := "/ec2/security-groups/" + url.PathEscape(ids[0])
	switch f.Text("to") {
	case "outbound":
		return s.see(c, group+"/outbound")
	case "tags":
		return s.see(c, views.TagsPath("security-group", ids[0]))
	}
	return s.see(c, group+"/inbound")
}

func (s *Server) newSecurityGroup(c echo.Context) error {
	form := views.SecurityGroupForm{Outbound: []views.RuleRow{{Type: "all-traffic", Peer: "anywhere4", Source: "0.0.0.0/0"}}}
	return s.showGroupForm(c, form, nil)
}

// showGroupForm shows the page that creates a group, with what the lists on it need; a
// failure that belongs to the form is shown on it.
func (s *Server) showGroupForm(c echo.Context, form views.SecurityGroupForm, failed error) error {
	ctx := c.Request().Context()
	var err error
	if form.VPCs, err = s.engine.DescribeVPCs(ctx); err != nil {
		return err
	}
	if form.Groups, err = s.engine.DescribeSecurityGroups(ctx); err != nil {
		return err
	}
	if failed == nil {
		return s.page(c, http.StatusOK, views.SecurityGroupCreatePage(form))
	}
	return s.formError(c, failed, func(e *fault.Error) templ.Component {
		form.Fault = e
		atSource(form.Inbound, e)
		atSource(form.Outbound, e)
		return views.SecurityGroupCreatePage(form)
	})
}

func (s *Server) createSecurityGroup(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := views.SecurityGroupForm{
		Name: f.Text("group_name"), Description: f.Text("group_description"), VPCID: f.Text("vpc_id"), Tags: typedTags(f),
	}
	edited := editedRules(f, network.Ingress) || editedRules(f, network.Egress) || ui.EditRows(f.Values, "tags", "tag_key", "tag_value")
	var inbound, outbound []network.Rule
	var wrongIn, wrongOut error
	form.Inbound, inbound, wrongIn = readRules(f, network.Ingress, clientPrefix(ctx))
	form.Outbound, outbound, wrongOut = readRules(f, network.Egress, clientPrefix(ctx))
	if edited {
		form.Tags = typedTags(f)
		return s.showGroupForm(c, form, nil)
	}
	tags := f.Tags()
	for _, wrong := range []error{f.Err(), wrongIn, wrongOut} {
		if wrong != nil {
			return s.showGroupForm(c, form, wrong)
		}
	}
	id, err := s.engine.CreateSecurityGroup(ctx, engine.CreateSecurityGroupInput{
		Name: form.Name, Description: form.Description, VPCID: form.VPCID,
		Rules: append(inbound, outbound...), NoEgress: len(outbound) == 0, Tags: tags,
	})
	if err != nil {
		return s.showGroupForm(c, form, err)
	}
	return s.done(c, "/ec2/security-groups/"+id, ui.Flash{
		Title: i18n.T(ctx, "security_groups.created", i18n.V{"ID": id, "Name": form.Name}),
	})
}

func (s *Server) deleteSecurityGroups(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	return s.each(c, f.Many("id"), "/ec2/security-groups", i18n.T(ctx, "security_groups.delete"), func(id string) error {
		return s.engine.DeleteSecurityGroup(ctx, id)
	}, func(n int, ids string) string {
		return i18n.N(ctx, "security_groups.deleted", n, i18n.V{"IDs": ids})
	})
}
