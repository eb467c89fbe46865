package engine

import (
	"fmt"
	"slices"
	"strings"

	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// ruleDiff is what a wanted set of rules means for a group.
type ruleDiff struct {
	next                      []network.Rule // the group's whole new set, of both directions
	added, removed, described []network.Rule
}

// diff compares the wanted set with what the group has, and refuses it when it is stale,
// wrong or too large.
func (in ModifySecurityGroupRulesInput) diff(tx Tx, g network.SecurityGroup) (ruleDiff, error) {
	if in.Seen != "" && in.Seen != RulesVersion(g, in.Direction) {
		return ruleDiff{}, fault.New(fault.Conflict, "InvalidPermission.Conflict",
			"Somebody else has edited the rules of %s since you opened this form. Nothing was saved: look at the rules as they are now and make your change again.", g.ID)
	}
	wanted := make([]network.Rule, len(in.Rules))
	for i, r := range in.Rules {
		if r.ID != "" && !slices.ContainsFunc(g.In(in.Direction), func(have network.Rule) bool { return have.ID == r.ID }) {
			return ruleDiff{}, noSuchRule(r.ID)
		}
		r.Direction = in.Direction
		wanted[i] = canonical(r)
	}
	if err := checkNewRules(tx, g, wanted); err != nil {
		return ruleDiff{}, err
	}
	return compareRules(g, in.Direction, wanted), checkRuleSet(wanted, in.Direction)
}

// compareRules matches rules by what they allow. Those that stay keep their place and
// their id; new ones follow in the order given.
func compareRules(g network.SecurityGroup, d network.Direction, wanted []network.Rule) ruleDiff {
	var diff ruleDiff
	for _, have := range g.Rules {
		if have.Direction != d {
			diff.next = append(diff.next, have)
			continue
		}
		at := slices.IndexFunc(wanted, have.Same)
		if at < 0 {
			diff.removed = append(diff.removed, have)
			continue
		}
		if have.Description != wanted[at].Description {
			have.Description = wanted[at].Description
			diff.described = append(diff.described, have)
		}
		diff.next = append(diff.next, have)
	}
	for _, r := range wanted {
		if !slices.ContainsFunc(g.Rules, r.Same) {
			r.ID = ident.New("sgr")
			diff.next, diff.added = append(diff.next, r), append(diff.added, r)
		}
	}
	return diff
}

// edits are the API actions that the difference amounts to.
func (diff ruleDiff) edits(d network.Direction) []edit {
	var edits []edit
	for _, e := range []struct {
		operation string
		rules     []network.Rule
	}{
		{"RevokeSecurityGroup" + actionSuffix(d), diff.removed},
		{"AuthorizeSecurityGroup" + actionSuffix(d), diff.added},
		{"UpdateSecurityGroupRuleDescriptions" + actionSuffix(d), diff.described},
	} {
		if len(e.rules) > 0 {
			edits = append(edits, edit{e.operation, ruleTexts(e.rules)})
		}
	}
	return edits
}

// checkNewRules refuses rules that are wrong by themselves or name a group that is not in
// the VPC. The group itself may be named, even before it is stored.
func checkNewRules(tx Tx, g network.SecurityGroup, rules []network.Rule) error {
	for _, r := range rules {
		if err := checkDirection(r.Direction); err != nil {
			return err
		}
		if err := r.Validate(); err != nil {
			return err
		}
		if r.SourceGroup == "" || r.SourceGroup == g.ID {
			continue
		}
		source, err := findGroup(tx, r.SourceGroup)
		if err != nil {
			return inField(err, "peer")
		}
		if source.VPCID != g.VPCID {
			return fault.New(fault.NotFound, "InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", source.ID, g.VPCID).In("peer")
		}
	}
	return nil
}

// checkRuleSet refuses a whole set of rules of one direction that holds a rule twice or
// more rules than the quota. Rules of the other direction are passed over.
func checkRuleSet(rules []network.Rule, d network.Direction) error {
	var v4, v6 int // AWS counts the families apart; a rule that names a group counts in both
	for i, r := range rules {
		if r.Direction != d {
			continue
		}
		if slices.ContainsFunc(rules[:i], r.Same) {
			return fault.New(fault.Conflict, "InvalidPermission.Duplicate", `the specified rule "%s" already exists`, ruleText(r)).In("rules")
		}
		if !r.Prefix.IsValid() || r.Prefix.Addr().Is4() {
			v4++
		}
		if !r.Prefix.IsValid() || r.Prefix.Addr().Is6() {
			v6++
		}
	}
	if most := max(v4, v6); most > network.MaxRulesPerDirection {
		return fault.New(fault.Limit, "RulesPerSecurityGroupLimitExceeded",
			"The maximum number of rules per security group has been reached: %d of at most %d in one direction.", most, network.MaxRulesPerDirection).In("rules")
	}
	return nil
}

func checkDirection(d network.Direction) error {
	if d != network.Ingress && d != network.Egress {
		return fault.New(fault.Invalid, "InvalidParameterValue", "A rule is either ingress or egress, not '%s'.", shown(string(d))).In("direction")
	}
	return nil
}

// canonical writes a rule in the one way that it is stored and compared in: the network's
// own address, known protocols by word, and all ports where the protocol has none (EC2
// User Guide, "Security group rules").
func canonical(r network.Rule) network.Rule {
	r.Protocol = strings.ToLower(strings.TrimSpace(r.Protocol))
	words := map[string]string{"6": network.TCP, "17": network.UDP, "1": network.ICMP, "58": network.ICMPv6}
	if word, ok := words[r.Protocol]; ok {
		r.Protocol = word
	}
	switch r.Protocol {
	case network.TCP, network.UDP, network.ICMP, network.ICMPv6:
	default:
		r.FromPort, r.ToPort = -1, -1
	}
	r.Prefix = r.Prefix.Masked()
	r.Description = strings.TrimSpace(r.Description)
	return r
}

// ruleText writes a rule as AWS's messages do: peer: 0.0.0.0/0, TCP, from port: 80, to
// port: 80, ALLOW.
func ruleText(r network.Rule) string {
	peer := r.SourceGroup
	if r.Prefix.IsValid() {
		peer = r.Prefix.String()
	}
	switch r.Protocol {
	case network.TCP, network.UDP:
		return fmt.Sprintf("peer: %s, %s, from port: %d, to port: %d, ALLOW", peer, strings.ToUpper(r.Protocol), r.FromPort, r.ToPort)
	case network.ICMP, network.ICMPv6:
		return fmt.Sprintf("peer: %s, %s, type: %d, code: %d, ALLOW", peer, strings.ToUpper(r.Protocol), r.FromPort, r.ToPort)
	case network.AllProto:
		return fmt.Sprintf("peer: %s, ALL, ALLOW", peer)
	}
	return fmt.Sprintf("peer: %s, protocol: %s, ALLOW", peer, r.Protocol)
}

// ruleTexts is the history's detail of several rules.
func ruleTexts(rules []network.Rule) string {
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = ruleText(r)
	}
	return strings.Join(texts, "; ")
}

// actionSuffix is how AWS's API actions name a direction.
func actionSuffix(d network.Direction) string {
	if d == network.Egress {
		return "Egress"
	}
	return "Ingress"
}
