package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// ModifySecurityGroupRulesInput is the whole set of rules that a group shall have in one
// direction, as the console's form sends it.
type ModifySecurityGroupRulesInput struct {
	GroupID   string
	Direction network.Direction
	// Rules is the wanted set. One that allows the same as a rule of the group is that rule
	// and keeps its id; a rule whose content was edited gets a new one, as in AWS's console.
	// An ID given here must be one of the group's.
	Rules []network.Rule
	// Seen is the RulesVersion of the rules that the form was built from; when the group's
	// are others by now the whole form is refused. Empty: whatever is there is replaced.
	Seen string
}

// RulesVersion names the content of a group's rules of one direction: two groups of rules
// have the same version when ids, content, descriptions and order are the same.
func RulesVersion(g network.SecurityGroup, d network.Direction) string {
	h := sha256.New()
	for _, r := range g.In(d) {
		fmt.Fprintf(h, "%s %s %d %d %s %q %q\n", r.ID, r.Protocol, r.FromPort, r.ToPort, r.Prefix, r.SourceGroup, r.Description)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// ModifySecurityGroupRules replaces a group's rules of one direction, all or nothing. The
// history calls it by the API actions it amounts to: revoke, authorize, or an update of
// descriptions. Errors: InvalidPermission.Conflict when somebody else has edited the
// rules since the form was opened, InvalidSecurityGroupRuleId.NotFound, and those of
// AuthorizeSecurityGroupIngress.
func (e *Engine) ModifySecurityGroupRules(ctx context.Context, in ModifySecurityGroupRulesInput) error {
	authorize := "AuthorizeSecurityGroup" + actionSuffix(in.Direction)
	return e.doEdits(ctx, authorize, in.GroupID, func(tx Tx) ([]edit, func(*change) error, error) {
		if err := checkDirection(in.Direction); err != nil {
			return nil, nil, err
		}
		g, err := findGroup(tx, in.GroupID)
		if err != nil {
			return nil, nil, err
		}
		diff, err := in.diff(tx, g)
		if err != nil {
			return nil, nil, err
		}
		return diff.edits(in.Direction), func(c *change) error { return putRules(c, g, diff.next) }, nil
	})
}

// AuthorizeSecurityGroupIngress adds inbound rules, all or nothing. Errors:
// InvalidPermission.Duplicate, InvalidParameterValue, InvalidGroup.NotFound,
// RulesPerSecurityGroupLimitExceeded.
func (e *Engine) AuthorizeSecurityGroupIngress(ctx context.Context, groupID string, rules []network.Rule) error {
	return e.authorize(ctx, groupID, network.Ingress, rules)
}

// AuthorizeSecurityGroupEgress adds outbound rules, all or nothing, with the same errors.
func (e *Engine) AuthorizeSecurityGroupEgress(ctx context.Context, groupID string, rules []network.Rule) error {
	return e.authorize(ctx, groupID, network.Egress, rules)
}

// RevokeSecurityGroupIngress removes inbound rules by id, all or nothing; connections
// already open are not cut. Errors: InvalidSecurityGroupRuleId.NotFound.
func (e *Engine) RevokeSecurityGroupIngress(ctx context.Context, groupID string, ruleIDs ...string) error {
	return e.revoke(ctx, groupID, network.Ingress, ruleIDs)
}

// RevokeSecurityGroupEgress removes outbound rules by id in the same way.
func (e *Engine) RevokeSecurityGroupEgress(ctx context.Context, groupID string, ruleIDs ...string) error {
	return e.revoke(ctx, groupID, network.Egress, ruleIDs)
}

func (e *Engine) authorize(ctx context.Context, groupID string, d network.Direction, rules []network.Rule) error {
	added := make([]network.Rule, len(rules))
	for i, r := range rules {
		r.ID, r.Direction = ident.New("sgr"), d
		added[i] = canonical(r)
	}
	return e.do(ctx, "AuthorizeSecurityGroup"+actionSuffix(d), ruleTexts(added), func(c *change) error {
		c.about(shown(groupID))
		g, err := findGroup(c, groupID)
		if err != nil {
			return err
		}
		if len(added) == 0 {
			return fault.New(fault.Invalid, "MissingParameter", "Give at least one rule.").In("rules")
		}
		next := slices.Concat(g.Rules, added)
		if err := checkNewRules(c, g, added); err != nil {
			return err
		}
		if err := checkRuleSet(next, d); err != nil {
			return err
		}
		return putRules(c, g, next)
	})
}

func (e *Engine) revoke(ctx context.Context, groupID string, d network.Direction, ids []string) error {
	return e.do(ctx, "RevokeSecurityGroup"+actionSuffix(d), shown(strings.Join(ids, ", ")), func(c *change) error {
		c.about(shown(groupID))
		g, err := findGroup(c, groupID)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return fault.New(fault.Invalid, "MissingParameter", "Give at least one rule.").In("rules")
		}
		next := slices.Clone(g.Rules)
		for _, id := range ids {
			at := slices.IndexFunc(g.In(d), func(r network.Rule) bool { return r.ID == id })
			if at < 0 {
				return noSuchRule(id)
			}
			next = slices.DeleteFunc(next, func(r network.Rule) bool { return r.ID == id })
		}
		return putRules(c, g, next)
	})
}

// putRules stores the group with its new rules and tells the pages of every group that
// the old or the new ones name: they show who refers to them.
func putRules(c *change, g network.SecurityGroup, next []network.Rule) error {
	for _, r := range slices.Concat(g.Rules, next) {
		if r.SourceGroup != "" && r.SourceGroup != g.ID {
			c.touch("security-group", r.SourceGroup)
		}
	}
	g.Rules = next
	c.touch("security-group", g.ID)
	return c.PutSecurityGroup(g)
}

func noSuchRule(id string) error {
	return fault.New(fault.NotFound, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", shown(id)).In("rules")
}
