package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/network"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// listenerParts are the fields of one row of the listener editor.
var listenerParts = []string{"protocol", "listener_port", "instance_protocol", "instance_port"}

// newLoadBalancer shows the page with the values that AWS's console begins with.
func (s *Server) newLoadBalancer(c echo.Context) error {
	form := views.BalancerForm{
		Scheme: string(elb.InternetFacing), Firewall: "existing",
		Listeners: []views.ListenerRow{{Protocol: "HTTP", Port: "80", InstanceProtocol: "HTTP", InstancePort: "80"}},
		Check: views.HealthCheckForm{
			Protocol: "HTTP", Port: "80", Path: "/index.html",
			Timeout: "5", Interval: "30", UnhealthyThreshold: "2", HealthyThreshold: "10",
		},
		CrossZone: true, Draining: true, DrainFor: "300",
	}
	ctx := c.Request().Context()
	subnets, err := s.engine.DescribeSubnets(ctx)
	if err != nil {
		return err
	}
	for _, subnet := range subnets {
		if subnet.DefaultForAZ {
			form.SubnetIDs = append(form.SubnetIDs, subnet.ID)
		}
	}
	return s.showBalancerForm(c, form, nil)
}

// showBalancerForm shows the page with what its choices are; a failure that belongs to the
// form is shown on it.
func (s *Server) showBalancerForm(c echo.Context, form views.BalancerForm, failed error) error {
	if err := s.balancerChoices(c.Request().Context(), &form); err != nil {
		return err
	}
	if failed == nil {
		return s.page(c, http.StatusOK, views.BalancerCreatePage(form))
	}
	return s.formError(c, failed, func(e *fault.Error) templ.Component {
		form.Fault, form.Listeners = e, atListener(form.Listeners, e)
		return views.BalancerCreatePage(form)
	})
}

// balancerChoices reads what can be chosen on the page, and fills what is not shown yet:
// the part of the page that the choice of groups hides is not sent.
func (s *Server) balancerChoices(ctx context.Context, form *views.BalancerForm) (err error) {
	if form.VPCs, err = s.engine.DescribeVPCs(ctx); err != nil {
		return err
	}
	if form.Subnets, err = s.engine.DescribeSubnets(ctx); err != nil {
		return err
	}
	if form.Groups, err = s.engine.DescribeSecurityGroups(ctx); err != nil {
		return err
	}
	if form.Instances, err = s.engine.DescribeInstances(ctx); err != nil {
		return err
	}
	balancerDefaults(form)
	return nil
}

func balancerDefaults(form *views.BalancerForm) {
	for _, vpc := range form.VPCs {
		if form.VPCID == "" && vpc.IsDefault {
			form.VPCID = vpc.ID
		}
	}
	if form.Firewall == "create" {
		return
	}
	form.GroupName = cmp.Or(form.GroupName, nextGroupName(form.Groups))
	form.GroupText = cmp.Or(form.GroupText, form.GroupName)
	if len(form.Rules) == 0 {
		form.Rules = []views.RuleRow{{Type: "http", Protocol: "TCP", Ports: "80", Peer: "anywhere4", Source: "0.0.0.0/0"}}
	}
	for _, g := range form.Groups {
		if len(form.GroupIDs) == 0 && form.Name == "" && g.VPCID == form.VPCID && g.IsDefault() {
			form.GroupIDs = []string{g.ID}
		}
	}
}

// nextGroupName is AWS's name for the group that is made along with a load balancer:
// quick-create-N, the first free.
func nextGroupName(groups []engine.SecurityGroupDescription) string {
	taken := map[string]bool{}
	for _, g := range groups {
		taken[strings.ToLower(g.Name)] = true
	}
	for n := 1; ; n++ {
		if name := fmt.Sprintf("quick-create-%d", n); !taken[name] {
			return name
		}
	}
}

func (s *Server) createLoadBalancer(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	edited := editedListeners(f) || editedRules(f, network.Ingress) || ui.EditRows(f.Values, "tags", "tag_key", "tag_value")
	form := balancerForm(f)
	var rules []network.Rule
	var wrongRule error
	form.Rules, rules, wrongRule = readRules(f, network.Ingress, clientPrefix(ctx))
	if edited {
		form.Listeners = typedListeners(f, true)
		return s.showBalancerForm(c, form, nil)
	}
	in, err := balancerInput(f, &form)
	if form.Firewall == "create" {
		in.NewGroup = &engine.CreateSecurityGroupInput{Name: form.GroupName, Description: form.GroupText, VPCID: form.VPCID, Rules: rules}
		err = cmpErr(err, wrongRule)
	}
	if err != nil {
		return s.showBalancerForm(c, form, err)
	}
	made, err := s.engine.CreateLoadBalancer(ctx, in)
	if err != nil {
		return s.showBalancerForm(c, form, err)
	}
	return s.done(c, views.BalancerPath(made.Name), ui.Flash{
		Title: i18n.T(ctx, "load_balancers.created", i18n.V{"Name": made.Name}),
		Href:  views.BalancerPath(made.Name) + "?tab=targets", LinkText: i18n.T(ctx, "load_balancers.view"),
	})
}

// balancerForm reads the page's fields as they were typed.
func balancerForm(f *form) views.BalancerForm {
	return views.BalancerForm{
		Name: f.Text("name"), Scheme: f.Text("scheme"), VPCID: f.Text("vpc_id"), SubnetIDs: f.Many("subnet_ids"),
		Firewall: f.Text("firewall"), GroupIDs: f.Many("group_ids"), GroupName: f.Text("group_name"), GroupText: f.Text("group_description"),
		Listeners: typedListeners(f, false), Check: typedCheck(f), InstanceIDs: f.Many("instance_ids"),
		CrossZone: f.Flag("cross_zone"), Draining: f.Flag("draining"), DrainFor: f.Text("draining_timeout"), Tags: typedTags(f),
	}
}

// balancerInput says in the engine's words what was typed; the listeners' rows take up
// what is wrong in them.
func balancerInput(f *form, form *views.BalancerForm) (engine.CreateLoadBalancerInput, error) {
	in := engine.CreateLoadBalancerInput{
		Name: form.Name, Scheme: elb.Scheme(form.Scheme), VPCID: form.VPCID, SubnetIDs: form.SubnetIDs,
		HealthCheck: readCheck(f), InstanceIDs: form.InstanceIDs, Tags: f.Tags(),
		Attributes: elb.Attributes{CrossZone: form.CrossZone, ConnectionDraining: form.Draining},
	}
	if form.Draining {
		in.Attributes.DrainingTimeout = time.Duration(f.Int("draining_timeout", 1, 3600)) * time.Second
	}
	if len(form.SubnetIDs) == 0 {
		f.wrong(fault.New(fault.Invalid, "InvalidConfigurationRequest", "A load balancer needs at least one subnet.").In("subnet_ids"))
	}
	if form.Firewall != "create" {
		in.GroupIDs = form.GroupIDs
		if len(in.GroupIDs) == 0 {
			f.wrong(fault.New(fault.Invalid, "MissingParameter", "Select at least one security group.").In("group_ids"))
		}
	}
	wrongName := elb.ValidName(in.Name) // first, as it is the first thing on the page
	listeners, wrongListener := readListeners(form.Listeners)
	in.Listeners = listeners
	return in, cmpErr(wrongName, f.Err(), wrongListener)
}
