package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/network"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesLaunch registers the page that launches instances.
func (s *Server) routesLaunch(g *echo.Group) {
	g.GET("/ec2/instances/launch", s.newLaunch)
	g.POST("/ec2/instances/launch", s.launchInstances)
}

// newLaunch shows the page with AWS's defaults; ?ami= chooses the image.
func (s *Server) newLaunch(c echo.Context) error {
	form := views.LaunchForm{
		ImageID: c.QueryParam("ami"), Type: "t2.micro", PublicIP: "enable", Firewall: "create", Shutdown: "stop", Count: "1",
		SSH: views.Allowance{On: true, From: "anywhere"}, HTTPS: views.Allowance{From: "anywhere"}, HTTP: views.Allowance{From: "anywhere"},
	}
	return s.showLaunch(c, form, nil)
}

// showLaunch shows the page with what its choices are; a failure that belongs to the form
// is shown on it.
func (s *Server) showLaunch(c echo.Context, form views.LaunchForm, failed error) error {
	if err := s.launchChoices(c.Request().Context(), &form); err != nil {
		return err
	}
	if failed == nil {
		return s.page(c, http.StatusOK, views.LaunchPage(form))
	}
	return s.formError(c, failed, func(e *fault.Error) templ.Component {
		form.Fault = e
		return views.LaunchPage(form)
	})
}

// launchChoices reads what can be chosen on the page.
func (s *Server) launchChoices(ctx context.Context, form *views.LaunchForm) (err error) {
	form.Types = compute.InstanceTypes()
	if form.Images, err = s.engine.DescribeImages(ctx); err != nil {
		return err
	}
	if form.Keys, err = s.engine.DescribeKeyPairs(ctx); err != nil {
		return err
	}
	vpcs, err := s.engine.DescribeVPCs(ctx)
	if err != nil {
		return err
	}
	for _, vpc := range vpcs {
		if vpc.IsDefault {
			form.VPC = vpc
		}
	}
	if form.Subnets, err = s.engine.DescribeSubnets(ctx); err != nil {
		return err
	}
	if form.Groups, err = s.engine.DescribeSecurityGroups(ctx); err != nil {
		return err
	}
	launchDefaults(form)
	return nil
}

// launchDefaults fills what AWS's page has filled when it opens: the first base image and
// the next free launch-wizard name.
func launchDefaults(form *views.LaunchForm) {
	for i := len(form.Images) - 1; i >= 0 && form.ImageID == ""; i-- {
		if form.Images[i].Base != "" {
			form.ImageID = form.Images[i].ID
		}
	}
	if form.GroupName == "" && form.GroupText == "" {
		form.GroupName = nextWizardName(form.Groups)
		form.GroupText = form.GroupName
	}
}

// nextWizardName is AWS's name for the group of a launch: launch-wizard-N, the first free.
func nextWizardName(groups []engine.SecurityGroupDescription) string {
	taken := map[string]bool{}
	for _, g := range groups {
		taken[strings.ToLower(g.Name)] = true
	}
	for n := 1; ; n++ {
		if name := fmt.Sprintf("launch-wizard-%d", n); !taken[name] {
			return name
		}
	}
}

func (s *Server) launchInstances(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := launchForm(f)
	if ui.EditRows(f.Values, "tags", "tag_key", "tag_value") {
		form.Tags = typedTags(f)
		return s.showLaunch(c, form, nil)
	}
	in, err := launchInput(f, form, clientPrefix(ctx))
	if err != nil {
		return s.showLaunch(c, form, err)
	}
	made, err := s.engine.RunInstances(ctx, in)
	if err != nil {
		return s.showLaunch(c, form, err)
	}
	ids := strings.Join(made.InstanceIDs, ", ")
	return s.done(c, "/ec2/instances", ui.Flash{Title: i18n.T(ctx, "launch.done", i18n.V{"IDs": ids})})
}

// launchForm reads the page's fields as they were typed.
func launchForm(f *form) views.LaunchForm {
	return views.LaunchForm{
		Name: f.Text("name"), Tags: typedTags(f), ImageID: f.Text("image_id"), Type: f.Text("type"),
		KeyName: f.Text("key_name"), SubnetID: f.Text("subnet_id"), PublicIP: f.OneOfOr("public_ip", "enable", "enable", "disable"),
		Firewall: f.OneOfOr("firewall", "create", "create", "existing"), GroupName: f.Text("group_name"), GroupText: f.Text("group_description"),
		SSH: allowed(f, "ssh"), HTTPS: allowed(f, "https"), HTTP: allowed(f, "http"), GroupIDs: f.Many("group_ids"),
		Protected: f.Flag("protected"), Shutdown: f.Text("shutdown_behavior"), UserData: f.Lines("user_data"), Count: f.Text("count"),
	}
}

// allowed reads a quick box. From where is asked of a ticked one, and never guessed: the
// guess would be the whole internet.
func allowed(f *form, name string) views.Allowance {
	box := views.Allowance{On: f.Flag("allow_" + name), From: f.OneOfOr(name+"_from", "", "anywhere", "myip")}
	if box.On && box.From == "" {
		f.wrong(notOffered("").In(name + "_from"))
	}
	return box
}

// launchInput says in the engine's words what was typed.
func launchInput(f *form, form views.LaunchForm, mine string) (engine.RunInstancesInput, error) {
	in := engine.RunInstancesInput{
		ImageID: form.ImageID, Type: form.Type, SubnetID: form.SubnetID, AssociatePublicIP: form.PublicIP != "disable",
		Count: f.IntOr("count", 1, 1, 20), UserData: []byte(form.UserData),
		DisableApiTermination: form.Protected, ShutdownBehavior: form.Shutdown, Tags: maps.Clone(f.Tags()),
	}
	if form.Name != "" {
		in.Tags["Name"] = form.Name
	}
	if form.KeyName == "" {
		f.wrong(fault.New(fault.Invalid, "MissingParameter", "Choose a key pair, or choose to proceed without one.").In("key_name"))
	}
	if form.KeyName != views.NoKeyPair {
		in.KeyName = form.KeyName
	}
	if form.Firewall == "existing" {
		in.GroupIDs = form.GroupIDs
		if len(in.GroupIDs) == 0 {
			f.wrong(fault.New(fault.Invalid, "MissingParameter", "Select at least one security group.").In("group_ids"))
		}
		return in, f.Err()
	}
	rules, err := quickRules(form, mine)
	if err != nil {
		return in, err
	}
	in.NewGroup = &engine.CreateSecurityGroupInput{Name: form.GroupName, Description: form.GroupText, Rules: rules}
	return in, f.Err()
}

// quickRules are the inbound rules of the boxes that are ticked.
func quickRules(form views.LaunchForm, mine string) ([]network.Rule, error) {
	var rules []network.Rule
	for _, box := range []struct {
		views.Allowance
		ports string
	}{{form.SSH, "22"}, {form.HTTPS, "443"}, {form.HTTP, "80"}} {
		if !box.On {
			continue
		}
		source := "0.0.0.0/0"
		if box.From == "myip" {
			source = mine
		}
		rule, err := network.ParseRule(network.Ingress, network.TCP, box.ports, source, "")
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
