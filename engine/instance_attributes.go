package engine

import (
	"context"
	"fmt"
	"slices"

	"elbow/engine/compute"
)

// ModifyInstanceGroups replaces the security groups that a running or stopped instance
// wears, one to five of its VPC; it takes effect for the next connection. Source: EC2
// API, ModifyInstanceAttribute.
func (e *Engine) ModifyInstanceGroups(ctx context.Context, id string, groupIDs []string) error {
	detail := "groups " + joined(groupIDs)
	return e.modify(ctx, id, detail, compute.ActionChangeGroups, func(c *change, in *compute.Instance) error {
		groups := distinct(groupIDs)
		if err := checkGroups(c, in.Interface.VPCID, groups); err != nil {
			return err
		}
		for _, g := range append(in.Interface.Groups, groups...) {
			c.touch("security-group", g)
		}
		in.Interface.Groups = groups
		return nil
	})
}

// ModifyTerminationProtection turns the protection against TerminateInstances on or off,
// for a running or stopped instance. Source: EC2 API, ModifyInstanceAttribute,
// disableApiTermination.
func (e *Engine) ModifyTerminationProtection(ctx context.Context, id string, on bool) error {
	detail := fmt.Sprintf("disableApiTermination %t", on)
	return e.modify(ctx, id, detail, compute.ActionChangeProtection, func(_ *change, in *compute.Instance) error {
		in.DisableApiTermination = on
		return nil
	})
}

// ModifyInstanceType changes the type of a stopped instance. Source: EC2 API,
// ModifyInstanceAttribute.
func (e *Engine) ModifyInstanceType(ctx context.Context, id, typ string) error {
	return e.modify(ctx, id, "type "+typ, compute.ActionChangeType, func(_ *change, in *compute.Instance) error {
		in.Type = typ
		return validType(typ)
	})
}

// ModifyUserData replaces the user data of a stopped instance, at most MaxUserData bytes;
// it does not run again. Source: EC2 User Guide, user data.
func (e *Engine) ModifyUserData(ctx context.Context, id string, userData []byte) error {
	detail := fmt.Sprintf("user data of %d bytes", len(userData))
	return e.modify(ctx, id, detail, compute.ActionChangeUserData, func(_ *change, in *compute.Instance) error {
		in.UserData = slices.Clone(userData)
		return validUserData(userData)
	})
}

// modify changes one instance in a state that allows the action.
func (e *Engine) modify(ctx context.Context, id, detail string, a compute.Action, apply func(*change, *compute.Instance) error) error {
	return e.do(ctx, "ModifyInstanceAttribute", detail, func(c *change) error {
		c.aboutAsked([]string{id})
		in, err := findInstance(c, id)
		if err != nil {
			return err
		}
		if err := may(a, in, e.stateOf(in)); err != nil {
			return err
		}
		if err := apply(c, &in); err != nil {
			return err
		}
		c.touch("instance", in.ID)
		return c.PutInstance(in)
	})
}
