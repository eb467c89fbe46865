package engine

import (
	"context"
	"slices"

	"elbow/engine/fault"
	"elbow/engine/network"
)

// DescribeVPCs returns the account's VPCs.
func (e *Engine) DescribeVPCs(ctx context.Context) ([]network.VPC, error) {
	var vpcs []network.VPC
	err := e.view(ctx, func(tx Tx) (err error) {
		vpcs, err = tx.VPCs()
		return err
	})
	return vpcs, err
}

// DescribeSubnets returns the account's subnets, by Availability Zone.
func (e *Engine) DescribeSubnets(ctx context.Context) ([]network.Subnet, error) {
	var subnets []network.Subnet
	err := e.view(ctx, func(tx Tx) (err error) {
		subnets, err = tx.Subnets()
		return err
	})
	return subnets, err
}

// AvailabilityZones returns the names of the zones that have a subnet, each once, in
// alphabetical order.
func (e *Engine) AvailabilityZones(ctx context.Context) ([]string, error) {
	subnets, err := e.DescribeSubnets(ctx)
	if err != nil {
		return nil, err
	}
	zones := make([]string, len(subnets))
	for i, s := range subnets {
		zones[i] = s.AvailabilityZone
	}
	slices.Sort(zones)
	return slices.Compact(zones), nil
}

// findVPC finds a VPC by id; an empty id means the default VPC.
func findVPC(tx Tx, id string) (network.VPC, error) {
	vpcs, err := tx.VPCs()
	if err != nil {
		return network.VPC{}, err
	}
	for _, v := range vpcs {
		if v.ID == id || id == "" && v.IsDefault {
			return v, nil
		}
	}
	return network.VPC{}, fault.New(fault.NotFound, "InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", shown(id)).In("vpc_id")
}

// edit is one API action that a form over a whole set amounts to: a form that both adds
// and removes is two of them, carried out in one transaction.
type edit struct{ operation, detail string }

// editPlan works out, in one transaction, what such a form means there: its actions, and
// the write that carries them all out. No actions means that there is nothing to do.
type editPlan func(tx Tx) (edits []edit, write func(*change) error, err error)

// doEdits plans and carries out a form over a whole set, with a line of the activity
// history for each action. A form that changes nothing leaves no line. refusedAs names
// the action that a refusal is recorded as.
func (e *Engine) doEdits(ctx context.Context, refusedAs, resource string, plan editPlan) error {
	ahead, err := e.lookAhead(ctx, plan)
	if err == nil && len(ahead) == 0 {
		return nil
	}
	main := edit{operation: refusedAs}
	if len(ahead) > 0 {
		main = ahead[0]
	}
	return e.do(ctx, main.operation, main.detail, func(c *change) error {
		c.about(shown(resource))
		edits, write, err := plan(c)
		if err != nil || len(edits) == 0 {
			return err
		}
		if err := write(c); err != nil {
			return err
		}
		return e.recordOthers(ctx, c, main.operation, edits)
	})
}

// lookAhead names the actions before the transaction begins, because that is when the
// history's main line gets its name. What is written is planned again inside it, where
// nobody else can write.
func (e *Engine) lookAhead(ctx context.Context, plan editPlan) (edits []edit, err error) {
	err = e.view(ctx, func(tx Tx) (err error) {
		edits, _, err = plan(tx)
		return err
	})
	return edits, err
}

// recordOthers writes the history's lines of all edits but the main one, whose line the
// command itself writes.
func (e *Engine) recordOthers(ctx context.Context, c *change, main string, edits []edit) error {
	for _, other := range edits {
		if other.operation == main {
			continue
		}
		if err := c.AddActivity(e.activity(e.caller(ctx), other.operation, other.detail, c, nil)); err != nil {
			return err
		}
	}
	return nil
}
