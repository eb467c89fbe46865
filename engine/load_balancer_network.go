package engine

import (
	"context"
	"slices"
	"strings"

	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/network"
)

// newNodes makes a node interface in each of the given subnets, or in the default subnet
// of every zone. Nodes have private addresses alone: what comes from outside is led to
// them by name.
func (e *Engine) newNodes(c *change, b elb.LoadBalancer, subnetIDs []string) ([]network.Interface, error) {
	subnets, err := chosenSubnets(c, b.VPCID, subnetIDs)
	if err != nil {
		return nil, err
	}
	nodes := make([]network.Interface, 0, len(subnets))
	for _, s := range subnets {
		node, err := e.newNode(c, b, s)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

func (e *Engine) newNode(c *change, b elb.LoadBalancer, subnet network.Subnet) (network.Interface, error) {
	node, err := e.newInterface(c, subnet, b.Groups, false)
	if err != nil {
		return node, inField(err, "subnet_ids")
	}
	node.Description, node.LoadBalancer = "ELB "+b.Name, b.Name
	return node, nil
}

// chosenSubnets finds the subnets, in the order of their zones. No id means the default
// subnets of all zones.
func chosenSubnets(tx Tx, vpcID string, ids []string) ([]network.Subnet, error) {
	all, err := tx.Subnets()
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return slices.DeleteFunc(all, func(s network.Subnet) bool { return s.VPCID != vpcID || !s.DefaultForAZ }), nil
	}
	var chosen []network.Subnet
	for _, id := range ids {
		at := slices.IndexFunc(all, func(s network.Subnet) bool { return s.ID == id })
		if at < 0 {
			return nil, fault.New(fault.NotFound, "SubnetNotFound", "The subnet ID '%s' does not exist", shown(id)).In("subnet_ids")
		}
		if all[at].VPCID != vpcID {
			return nil, fault.New(fault.Invalid, "InvalidSubnet", "The subnet '%s' is not in VPC '%s'.", id, vpcID).In("subnet_ids")
		}
		chosen = append(chosen, all[at])
	}
	slices.SortStableFunc(chosen, func(a, b network.Subnet) int { return strings.Compare(a.AvailabilityZone, b.AvailabilityZone) })
	for i := range chosen[1:] {
		if chosen[i].AvailabilityZone == chosen[i+1].AvailabilityZone {
			return nil, fault.New(fault.Invalid, "InvalidConfigurationRequest",
				"ELB cannot be attached to multiple subnets in the same AZ. Choose one subnet in %s.", chosen[i].AvailabilityZone).In("subnet_ids")
		}
	}
	return chosen, nil
}

// SetSubnets makes the given subnets the enabled ones, at most one an Availability Zone
// and one at least. The nodes of subnets that stay are left alone, so that connections
// through them go on. Errors: LoadBalancerNotFound, SubnetNotFound, InvalidSubnet,
// InvalidConfigurationRequest.
func (e *Engine) SetSubnets(ctx context.Context, name string, subnetIDs []string) error {
	return e.doEdits(ctx, "AttachLoadBalancerToSubnets", name, func(tx Tx) ([]edit, func(*change) error, error) {
		b, err := findBalancer(tx, name)
		if err != nil {
			return nil, nil, err
		}
		if len(subnetIDs) == 0 {
			return nil, nil, fault.New(fault.Invalid, "InvalidConfigurationRequest", "A load balancer needs at least one subnet.").In("subnet_ids")
		}
		wanted, err := chosenSubnets(tx, b.VPCID, subnetIDs)
		if err != nil {
			return nil, nil, err
		}
		edits := subnetEdits(b.Nodes, wanted)
		return edits, func(c *change) error { return e.placeNodes(c, b, wanted) }, nil
	})
}

// subnetEdits are the API actions that lead from the nodes to one node in each subnet.
func subnetEdits(nodes []network.Interface, wanted []network.Subnet) []edit {
	var have, want []string
	for _, n := range nodes {
		have = append(have, n.SubnetID)
	}
	for _, s := range wanted {
		want = append(want, s.ID)
	}
	return setEdits(have, want, "AttachLoadBalancerToSubnets", "DetachLoadBalancerFromSubnets")
}

// placeNodes stores the load balancer with a node in each subnet: the one that is there,
// or a new one.
func (e *Engine) placeNodes(c *change, b elb.LoadBalancer, wanted []network.Subnet) error {
	nodes := make([]network.Interface, 0, len(wanted))
	for _, s := range wanted {
		at := slices.IndexFunc(b.Nodes, func(n network.Interface) bool { return n.SubnetID == s.ID })
		if at >= 0 {
			nodes = append(nodes, b.Nodes[at])
			continue
		}
		node, err := e.newNode(c, b, s)
		if err != nil {
			return err
		}
		nodes = append(nodes, node)
	}
	b.Nodes = nodes
	touchBalancer(c, b, nil)
	return c.PutLoadBalancer(b)
}

// balancerGroups are the groups that a new load balancer wears; a new one is made first.
func balancerGroups(c *change, vpcID string, in CreateLoadBalancerInput) ([]string, error) {
	ids := slices.Clone(in.GroupIDs)
	if in.NewGroup != nil {
		group := *in.NewGroup
		group.VPCID = vpcID
		g, err := createGroup(c, group)
		if err != nil {
			return nil, err
		}
		ids = append(ids, g.ID)
	}
	if len(ids) == 0 {
		return defaultGroup(c, vpcID)
	}
	return ids, checkBalancerGroups(c, vpcID, ids)
}

func defaultGroup(tx Tx, vpcID string) ([]string, error) {
	groups, err := tx.SecurityGroups()
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if g.VPCID == vpcID && g.IsDefault() {
			return []string{g.ID}, nil
		}
	}
	return nil, fault.New(fault.Invalid, "InvalidSecurityGroup", "Choose at least one security group.").In("group_ids")
}

// checkBalancerGroups is checkGroups with the code that the load balancing API has for
// every group that cannot be used.
func checkBalancerGroups(tx Tx, vpcID string, ids []string) error {
	err := checkGroups(tx, vpcID, ids)
	f, ok := fault.Of(err)
	if !ok || f.Kind == fault.Limit {
		return err
	}
	refused := *f
	refused.Code = "InvalidSecurityGroup"
	return &refused
}

// ApplySecurityGroups replaces the load balancer's groups, and with them those of its
// nodes: the groups are what its listeners admit and what instances' rules know it by.
// Errors: LoadBalancerNotFound, InvalidSecurityGroup,
// SecurityGroupsPerInterfaceLimitExceeded.
func (e *Engine) ApplySecurityGroups(ctx context.Context, name string, groupIDs []string) error {
	detail := "groups " + shown(strings.Join(groupIDs, ", "))
	return e.changeBalancer(ctx, "ApplySecurityGroupsToLoadBalancer", name, detail, func(c *change, b *elb.LoadBalancer) error {
		if err := checkBalancerGroups(c, b.VPCID, groupIDs); err != nil {
			return err
		}
		for _, id := range b.Groups {
			c.touch("security-group", id) // the new ones are told by changeBalancer
		}
		b.Groups, b.Nodes = slices.Clone(groupIDs), slices.Clone(b.Nodes)
		for i := range b.Nodes {
			b.Nodes[i].Groups = slices.Clone(groupIDs)
		}
		return nil
	})
}
