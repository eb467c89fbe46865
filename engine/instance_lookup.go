package engine

import (
	"strings"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// aboutAsked records for the activity history what was asked for, be it nonsense. The
// first hundred will do.
func (c *change) aboutAsked(ids []string) {
	for _, id := range ids[:min(len(ids), 100)] {
		c.about(shown(id))
	}
}

// findInstances finds all of the ids in that order; there must be at least one.
func findInstances(tx Tx, ids []string) ([]compute.Instance, error) {
	switch len(ids) {
	case 0:
		return nil, fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter InstanceId. Choose at least one instance.")
	case 1:
		in, err := findInstance(tx, ids[0])
		return []compute.Instance{in}, err
	}
	all, err := tx.Instances()
	if err != nil {
		return nil, err
	}
	return pickInstances(all, ids)
}

// pickInstances picks the ids out of all instances, in their order.
func pickInstances(all []compute.Instance, ids []string) ([]compute.Instance, error) {
	byID := make(map[string]compute.Instance, len(all))
	for _, in := range all {
		byID[in.ID] = in
	}
	found := make([]compute.Instance, 0, len(ids))
	var missing []string
	for _, id := range ids {
		if !ident.Valid("i", id) {
			return nil, malformedInstance(id)
		}
		in, ok := byID[id]
		if !ok {
			missing = append(missing, id)
			continue
		}
		found = append(found, in)
	}
	switch len(missing) {
	case 0:
		return found, nil
	case 1:
		return nil, noInstance(missing[0])
	}
	return nil, fault.New(fault.NotFound, "InvalidInstanceID.NotFound", "The instance IDs '%s' do not exist", clipped(strings.Join(missing, ", "), 300))
}

// findInstance finds one instance, or says in AWS's words that there is none.
func findInstance(tx Tx, id string) (compute.Instance, error) {
	if !ident.Valid("i", id) {
		return compute.Instance{}, malformedInstance(id)
	}
	in, ok, err := tx.FindInstance(id)
	if err == nil && !ok {
		err = noInstance(id)
	}
	return in, err
}

func malformedInstance(id string) error {
	return fault.New(fault.Invalid, "InvalidInstanceID.Malformed", `Invalid id: "%s" (expecting "i-...")`, shown(id)).In("instance_id")
}

func noInstance(id string) error {
	return fault.New(fault.NotFound, "InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id).In("instance_id")
}
