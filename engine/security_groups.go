package engine

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// CreateSecurityGroupInput is what CreateSecurityGroup takes.
type CreateSecurityGroupInput struct {
	// Name has at most 255 characters of AWS's set and is unique in the VPC without regard
	// to case; trailing spaces are trimmed. Refused in the field group_name.
	Name string
	// Description is required and of the same set. Refused in the field group_description.
	Description string
	VPCID       string // empty: the default VPC
	// Rules are inbound and outbound rules; their ids are chosen here. Without an outbound
	// one the group gets AWS's: all traffic to anywhere.
	Rules []network.Rule
	// NoEgress leaves AWS's outbound rule out: the group starts with Rules alone.
	NoEgress bool
	Tags     map[string]string
}

// CreateSecurityGroup makes a group with all its rules in one step. Errors:
// InvalidGroup.Duplicate, InvalidParameterValue, InvalidVpcID.NotFound,
// SecurityGroupLimitExceeded and those of AuthorizeSecurityGroupIngress.
func (e *Engine) CreateSecurityGroup(ctx context.Context, in CreateSecurityGroupInput) (id string, err error) {
	err = e.do(ctx, "CreateSecurityGroup", "name "+shown(in.Name), func(c *change) error {
		g, err := createGroup(c, in)
		id = g.ID
		return err
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// createGroup makes and stores a group within a command that may do more: launching an
// instance or making a load balancer with a new group.
func createGroup(c *change, in CreateSecurityGroupInput) (network.SecurityGroup, error) {
	in.Name = strings.TrimRight(in.Name, " ")
	if err := in.check(); err != nil {
		return network.SecurityGroup{}, err
	}
	vpc, err := findVPC(c, in.VPCID)
	if err != nil {
		return network.SecurityGroup{}, err
	}
	if err := checkGroupRoom(c, vpc.ID, in.Name); err != nil {
		return network.SecurityGroup{}, err
	}
	g := network.SecurityGroup{
		ID: ident.New("sg"), VPCID: vpc.ID, Name: in.Name, Description: in.Description,
		Rules: in.rules(), CreatedAt: c.at, Tags: in.Tags,
	}
	if err := checkGroupRules(c, g); err != nil {
		return network.SecurityGroup{}, err
	}
	c.about(g.ID)
	c.touch("security-group", g.ID)
	return g, c.PutSecurityGroup(g)
}

// check refuses what is wrong with the input alone.
func (in CreateSecurityGroupInput) check() error {
	if err := network.ValidGroupName(in.Name); err != nil {
		return inField(err, "group_name")
	}
	if err := network.ValidGroupDescription(in.Description); err != nil {
		return inField(err, "group_description")
	}
	return ValidateTags(in.Tags)
}

// rules are the new group's rules in canonical form, each with an id of its own.
func (in CreateSecurityGroupInput) rules() []network.Rule {
	rules := make([]network.Rule, 0, len(in.Rules)+1)
	for _, r := range in.Rules {
		rules = append(rules, canonical(r))
	}
	egress := func(r network.Rule) bool { return r.Direction == network.Egress }
	if !in.NoEgress && !slices.ContainsFunc(rules, egress) {
		rules = append(rules, network.Rule{
			Direction: network.Egress, Protocol: network.AllProto, FromPort: -1, ToPort: -1,
			Prefix: netip.MustParsePrefix("0.0.0.0/0"),
		})
	}
	for i := range rules {
		rules[i].ID = ident.New("sgr")
	}
	return rules
}

// checkGroupRules refuses a new group's rules, of both directions.
func checkGroupRules(tx Tx, g network.SecurityGroup) error {
	if err := checkNewRules(tx, g, g.Rules); err != nil {
		return err
	}
	if err := checkRuleSet(g.Rules, network.Ingress); err != nil {
		return err
	}
	return checkRuleSet(g.Rules, network.Egress)
}

// checkGroupRoom refuses a name that is taken in the VPC and a group beyond the quota.
func checkGroupRoom(tx Tx, vpcID, name string) error {
	groups, err := tx.SecurityGroups()
	if err != nil {
		return err
	}
	if len(groups) >= network.MaxGroups {
		return fault.New(fault.Limit, "SecurityGroupLimitExceeded",
			"The maximum number of security groups, %d, has been reached. Delete one that nothing uses.", network.MaxGroups)
	}
	for _, g := range groups {
		if g.VPCID == vpcID && strings.EqualFold(g.Name, name) {
			return fault.New(fault.Conflict, "InvalidGroup.Duplicate",
				"The security group '%s' already exists for VPC '%s'", name, vpcID).In("group_name")
		}
	}
	return nil
}

// DeleteSecurityGroup deletes a group that nothing wears and no rule names, its own rules
// included (EC2 User Guide, "Delete a security group"). Errors: InvalidGroup.NotFound,
// CannotDelete for a default group, DependencyViolation.
func (e *Engine) DeleteSecurityGroup(ctx context.Context, id string) error {
	return e.do(ctx, "DeleteSecurityGroup", "", func(c *change) error {
		c.about(shown(id))
		g, err := findGroup(c, id)
		if err != nil {
			return err
		}
		if g.IsDefault() {
			return fault.New(fault.Forbidden, "CannotDelete", `the specified group: "%s" name: "%s" cannot be deleted by a user`, g.ID, g.Name)
		}
		if err := checkUnused(c, g.ID); err != nil {
			return err
		}
		c.touch("security-group", g.ID)
		return c.DeleteSecurityGroup(g.ID)
	})
}

// checkUnused refuses a group that an interface wears or a rule names.
func checkUnused(tx Tx, id string) error {
	inUse := fault.New(fault.Conflict, "DependencyViolation", "resource %s has a dependent object", id)
	interfaces, err := tx.Interfaces()
	if err != nil {
		return err
	}
	for _, iface := range interfaces {
		if slices.Contains(iface.Groups, id) {
			return inUse
		}
	}
	groups, err := tx.SecurityGroups()
	if err != nil {
		return err
	}
	for _, g := range groups {
		if slices.ContainsFunc(g.Rules, func(r network.Rule) bool { return r.SourceGroup == id }) {
			return inUse
		}
	}
	return nil
}

// findGroup finds a group by id, which must look like one.
func findGroup(tx Tx, id string) (network.SecurityGroup, error) {
	if !ident.Valid("sg", id) {
		return network.SecurityGroup{}, fault.New(fault.Invalid, "InvalidGroupId.Malformed",
			"The security group ID '%s' is malformed", shown(id)).In("group_ids")
	}
	g, ok, err := tx.FindSecurityGroup(id)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "InvalidGroup.NotFound", "The security group '%s' does not exist", id).In("group_ids")
	}
	return g, err
}

// inField moves a fault to the form field it belongs to in this command.
func inField(err error, field string) error {
	if f, ok := fault.Of(err); ok {
		return f.In(field)
	}
	return err
}
