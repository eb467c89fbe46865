package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/engine/network"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// ruleParts are the fields of one row of the rule editor.
var ruleParts = []string{"type", "protocol", "ports", "peer", "source", "description"}

func ruleFields(d network.Direction) []string {
	fields := make([]string, len(ruleParts))
	for i, part := range ruleParts {
		fields[i] = views.RulePrefix(d) + part
	}
	return fields
}

// editRules shows the page that edits a group's rules of one direction.
func (s *Server) editRules(d network.Direction) echo.HandlerFunc {
	return func(c echo.Context) error {
		form, err := s.rulesForm(c, d)
		if err != nil {
			return err
		}
		for _, r := range form.Group.In(d) {
			form.Rows = append(form.Rows, rowOf(r, form.clientPrefix))
		}
		return s.page(c, http.StatusOK, views.RulesPage(form.RulesForm))
	}
}

// rulesForm is the page's form with what its lists need, and the address that My IP means.
type rulesForm struct {
	views.RulesForm
	clientPrefix string
}

func (s *Server) rulesForm(c echo.Context, d network.Direction) (rulesForm, error) {
	ctx := c.Request().Context()
	form := rulesForm{clientPrefix: clientPrefix(ctx)}
	found, err := s.engine.DescribeSecurityGroups(ctx, c.Param("id"))
	if err != nil {
		return form, err
	}
	form.Group, form.Direction = found[0], d
	form.Version = engine.RulesVersion(found[0].SecurityGroup, d)
	form.Groups, err = s.engine.DescribeSecurityGroups(ctx)
	return form, err
}

// saveRules replaces the rules by what was typed, or shows the form again as it was
// filled in: with the fault in its row, or beside what somebody else made of the rules
// meanwhile.
func (s *Server) saveRules(d network.Direction) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		form, err := s.rulesForm(c, d)
		if err != nil {
			return err
		}
		f, err := s.form(c)
		if err != nil {
			return err
		}
		seen := f.Text("version")
		edited := editedRules(f, d)
		rows, rules, wrong := readRules(f, d, form.clientPrefix)
		form.Rows = rows
		if edited {
			form.Version = seen
			return s.page(c, http.StatusOK, views.RulesPage(form.RulesForm))
		}
		if wrong = cmpErr(f.Err(), wrong); wrong == nil {
			wrong = s.engine.ModifySecurityGroupRules(ctx, engine.ModifySecurityGroupRulesInput{
				GroupID: form.Group.ID, Direction: d, Rules: rules, Seen: cmp.Or(seen, "none"),
			})
		}
		if wrong != nil {
			return s.rulesRefused(c, form, seen, wrong)
		}
		return s.done(c, "/ec2/security-groups/"+form.Group.ID+"?tab="+tabOf(d), ui.Flash{Title: rulesSaved(ctx, form.Group, d)})
	}
}

// rulesRefused shows the form again. After a conflict it goes on from the rules as they
// are now, which the page shows beside it.
func (s *Server) rulesRefused(c echo.Context, form rulesForm, seen string, wrong error) error {
	form.Changed = fault.CodeOf(wrong) == "InvalidPermission.Conflict"
	if !form.Changed {
		form.Version = seen
	}
	return s.formError(c, wrong, func(e *fault.Error) templ.Component {
		form.Fault = e
		atSource(form.Rows, e)
		return views.RulesPage(form.RulesForm)
	})
}

// atSource puts the fault about a group that does not exist into the rows that name it. It
// takes a nil fault.
func atSource(rows []views.RuleRow, e *fault.Error) {
	if e == nil || e.Code != "InvalidGroup.NotFound" || len(e.Args) == 0 {
		return
	}
	for i, row := range rows {
		if source, _, _ := strings.Cut(row.Source, " | "); row.Fault == nil && strings.TrimSpace(source) == e.Args[0] {
			rows[i].Fault = e.In("peer")
		}
	}
}

func rulesSaved(ctx context.Context, g engine.SecurityGroupDescription, d network.Direction) string {
	v := i18n.V{"ID": g.ID, "Name": g.Name}
	if d == network.Egress {
		return i18n.T(ctx, "security_groups.saved_outbound", v)
	}
	return i18n.T(ctx, "security_groups.saved_inbound", v)
}

func tabOf(d network.Direction) string {
	if d == network.Egress {
		return "outbound"
	}
	return "inbound"
}

// clientPrefix is what My IP means: the address that the console really sees, as a /32.
func clientPrefix(ctx context.Context) string {
	ip := ui.PageOf(ctx).ClientIP
	switch {
	case ip == "":
		return ""
	case strings.Contains(ip, ":"):
		return ip + "/128"
	}
	return ip + "/32"
}

// rowOf writes a rule as the editor's row.
func rowOf(r network.Rule, mine string) views.RuleRow {
	row := views.RuleRow{
		Type: r.Type().Key, Protocol: r.ProtocolText(), Ports: r.PortText(),
		Peer: "custom", Source: r.Peer(), Description: r.Description,
	}
	switch row.Source {
	case "0.0.0.0/0":
		row.Peer = "anywhere4"
	case "::/0":
		row.Peer = "anywhere6"
	case mine:
		row.Peer = "myip"
	}
	return row
}

// readRules reads the editor's rows of one direction: as they were typed, and as rules.
// The first thing wrong is returned and stands in its row.
func readRules(f *form, d network.Direction, mine string) (rows []views.RuleRow, rules []network.Rule, wrong error) {
	prefix := views.RulePrefix(d)
	for _, typed := range f.AllRows(ruleFields(d)...) {
		if typed.empty() { // one that was just added without JavaScript
			rows = append(rows, views.RuleRow{Type: "custom-tcp", Peer: "custom"})
			continue
		}
		row := views.RuleRow{
			Type: typed[prefix+"type"], Protocol: typed[prefix+"protocol"], Ports: typed[prefix+"ports"],
			Peer: typed[prefix+"peer"], Source: typed[prefix+"source"], Description: typed[prefix+"description"],
		}
		rule, err := ruleOf(d, &row, mine)
		if e, ok := fault.Of(err); ok {
			row.Fault = e
			wrong = cmpErr(wrong, err)
		}
		rows, rules = append(rows, row), append(rules, rule)
	}
	return rows, rules, wrong
}

// ruleOf parses one row. The type decides protocol and ports, and the kind of source the
// source, wherever they do: that makes the form right without JavaScript too.
func ruleOf(d network.Direction, row *views.RuleRow, mine string) (network.Rule, error) {
	known := row.Type == "" // then the protocol and the ports say all
	for _, t := range network.RuleTypes() {
		if t.Key != row.Type {
			continue
		}
		known = true
		filled := network.Rule{Protocol: t.Protocol, FromPort: t.FromPort, ToPort: t.ToPort}
		if !t.AsksProtocol {
			row.Protocol = filled.ProtocolText()
		}
		if !t.AsksPorts {
			row.Ports = filled.PortText()
		}
	}
	switch row.Peer {
	case "anywhere4":
		row.Source = "0.0.0.0/0"
	case "anywhere6":
		row.Source = "::/0"
	case "myip":
		row.Source = mine
	case "", "custom":
	default:
		return network.Rule{}, notOffered(row.Peer).In("peer")
	}
	if !known {
		return network.Rule{}, notOffered(row.Type).In("type")
	}
	source, _, _ := strings.Cut(row.Source, " | ")
	return network.ParseRule(d, row.Protocol, row.Ports, source, row.Description)
}

// notOffered refuses a choice that no list of the page has.
func notOffered(choice string) *fault.Error {
	return fault.New(fault.Invalid, "ValidationError", "%q is not one of the choices of this page.", clip(choice))
}

// editedRules carries out the editor's own buttons, add and remove, without JavaScript.
func editedRules(f *form, d network.Direction) bool {
	return ui.EditRows(f.Values, views.RulePrefix(d)+"rules", ruleFields(d)...)
}

// cmpErr is the first of the errors that is one.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
