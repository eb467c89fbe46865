package store

import (
	"elbow/engine/fault"
	"elbow/engine/network"
)

// Rules keep their positions: a page shows them in the order in which they were made.
const (
	selectGroups = `
		SELECT id, vpc_id, name, description, created_at FROM security_groups
		WHERE account_id = ?1 AND region = ?2`
	allGroups = selectGroups + ` ORDER BY created_at, rowid`
	oneGroup  = selectGroups + ` AND id = ?3`

	selectRules = `
		SELECT group_id, id, direction, protocol, from_port, to_port, prefix, source_group, description
		FROM security_group_rules WHERE account_id = ?1 AND region = ?2`
	allRules = selectRules + ` ORDER BY group_id, position`
	oneRules = selectRules + ` AND group_id = ?3 ORDER BY position`
)

// SecurityGroups implements engine.Tx.
func (t *tx) SecurityGroups() ([]network.SecurityGroup, error) { return t.groups("") }

// FindSecurityGroup implements engine.Tx.
func (t *tx) FindSecurityGroup(id string) (network.SecurityGroup, bool, error) {
	return find(t.groups, id)
}

func (t *tx) groups(id string) ([]network.SecurityGroup, error) {
	groups, err := load(t, scanGroup, id, allGroups, oneGroup)
	if err != nil {
		return nil, err
	}
	rules, err := byOwner(load(t, scanRule, id, allRules, oneRules))
	if err != nil {
		return nil, err
	}
	tags, err := t.tags(securityGroupTags, id)
	for i := range groups {
		g := &groups[i]
		g.Rules, g.Tags = rules[g.ID], tags[g.ID]
	}
	return groups, err
}

func scanGroup(r row) (g network.SecurityGroup, err error) {
	err = r.Scan(&g.ID, &g.VPCID, &g.Name, &g.Description, at(&g.CreatedAt))
	return g, err
}

func scanRule(r row) (p part[network.Rule], err error) {
	v := &p.value
	err = r.Scan(&p.owner, &v.ID, &v.Direction, &v.Protocol, &v.FromPort, &v.ToPort,
		prefix(&v.Prefix), orEmpty(&v.SourceGroup), &v.Description)
	return p, err
}

// PutSecurityGroup implements engine.Tx. A name that another group of the VPC has is
// the fault InvalidGroup.Duplicate.
func (t *tx) PutSecurityGroup(g network.SecurityGroup) error {
	taken := fault.New(fault.Conflict, "InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", g.Name, g.VPCID).In("name")
	err := t.put(taken, `
		INSERT INTO security_groups (account_id, region, id, vpc_id, name, description, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (id) DO UPDATE SET
			vpc_id = excluded.vpc_id, name = excluded.name,
			description = excluded.description, created_at = excluded.created_at
		WHERE account_id = excluded.account_id AND region = excluded.region`,
		g.ID, g.VPCID, g.Name, g.Description, micros(g.CreatedAt))
	if err != nil {
		return err
	}
	if err := t.putRules(g); err != nil {
		return err
	}
	return t.putTags(securityGroupTags, g.ID, g.Tags)
}

// putRules writes all rules anew: there are at most a hundred or so, and each may have moved.
func (t *tx) putRules(g network.SecurityGroup) error {
	err := t.exec(`DELETE FROM security_group_rules WHERE account_id = ?1 AND region = ?2 AND group_id = ?3`, g.ID)
	if err != nil {
		return err
	}
	for i, r := range g.Rules {
		err := t.exec(`
			INSERT INTO security_group_rules (account_id, region, group_id, position,
				id, direction, protocol, from_port, to_port, prefix, source_group, description)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
			g.ID, i, r.ID, string(r.Direction), r.Protocol, r.FromPort, r.ToPort,
			orNull(r.Prefix.IsValid(), r.Prefix.String()), orNull(r.SourceGroup != "", r.SourceGroup), r.Description)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteSecurityGroup implements engine.Tx. A group that an interface or a load balancer
// wears, or that a rule of another names, fails the commit with DependencyViolation.
func (t *tx) DeleteSecurityGroup(id string) error {
	if err := t.exec(`DELETE FROM security_groups WHERE account_id = ?1 AND region = ?2 AND id = ?3`, id); err != nil {
		return err
	}
	return t.deleteTags(securityGroupTags, id)
}
