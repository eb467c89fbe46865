package engine

import (
	"context"
	"slices"

	"elbow/engine/network"
)

// SecurityGroupDescription is a group with what uses it and what it names.
type SecurityGroupDescription struct {
	network.SecurityGroup
	UsedBy       []string          // instance ids and load balancer names that wear it, each once, sorted
	ReferencedBy []string          // ids of the other groups with a rule that names it, sorted
	Names        map[string]string // group id → name, of the groups that its rules name
	StaleRules   map[string]bool   // ids of its rules that name a group which is gone
}

// DescribeSecurityGroups returns the named groups in the order asked for, or all of them
// by creation. Errors: InvalidGroupId.Malformed, InvalidGroup.NotFound.
func (e *Engine) DescribeSecurityGroups(ctx context.Context, ids ...string) ([]SecurityGroupDescription, error) {
	var all []SecurityGroupDescription
	err := e.view(ctx, func(tx Tx) error {
		wanted, err := findGroups(tx, ids)
		if err != nil {
			return err
		}
		s, err := surveyGroups(tx)
		if err != nil {
			return err
		}
		all = make([]SecurityGroupDescription, 0, len(wanted))
		for _, g := range wanted {
			all = append(all, s.describe(g))
		}
		return nil
	})
	return all, err
}

func findGroups(tx Tx, ids []string) ([]network.SecurityGroup, error) {
	if len(ids) == 0 {
		return tx.SecurityGroups()
	}
	found := make([]network.SecurityGroup, 0, len(ids))
	for _, id := range ids {
		g, err := findGroup(tx, id)
		if err != nil {
			return nil, err
		}
		found = append(found, g)
	}
	return found, nil
}

// groupSurvey is what one look over all groups and interfaces finds, so that describing
// every group reads each of them once.
type groupSurvey struct {
	names      map[string]string   // by group id
	usedBy     map[string][]string // by group id: sorted, each once
	referenced map[string][]string // by group id: sorted, each once
}

func surveyGroups(tx Tx) (groupSurvey, error) {
	s := groupSurvey{names: map[string]string{}, usedBy: map[string][]string{}, referenced: map[string][]string{}}
	groups, err := tx.SecurityGroups()
	if err != nil {
		return s, err
	}
	interfaces, err := tx.Interfaces()
	if err != nil {
		return s, err
	}
	for _, g := range groups {
		s.names[g.ID] = g.Name
		for _, r := range g.Rules {
			if r.SourceGroup != "" && r.SourceGroup != g.ID {
				s.referenced[r.SourceGroup] = append(s.referenced[r.SourceGroup], g.ID)
			}
		}
	}
	for _, iface := range interfaces {
		owner := iface.InstanceID + iface.LoadBalancer // only one of them is set
		for _, id := range iface.Groups {
			s.usedBy[id] = append(s.usedBy[id], owner)
		}
	}
	sortedOnce(s.usedBy)
	sortedOnce(s.referenced)
	return s, nil
}

func sortedOnce(lists map[string][]string) {
	for id, list := range lists {
		slices.Sort(list)
		lists[id] = slices.Compact(list)
	}
}

func (s groupSurvey) describe(g network.SecurityGroup) SecurityGroupDescription {
	d := SecurityGroupDescription{
		SecurityGroup: g, UsedBy: s.usedBy[g.ID], ReferencedBy: s.referenced[g.ID],
		Names: map[string]string{}, StaleRules: map[string]bool{},
	}
	for _, r := range g.Rules {
		if r.SourceGroup == "" {
			continue
		}
		name, ok := s.names[r.SourceGroup]
		if !ok {
			d.StaleRules[r.ID] = true
			continue
		}
		d.Names[r.SourceGroup] = name
	}
	return d
}
