package store

import (
	"fmt"

	"elbow/engine/compute"
	"elbow/engine/network"
)

// One RunInstances call gives all its instances one launch time: the last row is the
// newest. The Availability Zone stands in the row too, for when the interface is gone.
const (
	selectInstances = `
		SELECT id, reservation_id, launch_index, image_id, type, key_name, availability_zone, auto_public_ip, user_data,
			disable_api_termination, shutdown_behavior, goal, boots, state_reason_code,
			state_reason_message, state_transition_reason, launch_time, terminated_at, root_volume_id, public_key
		FROM instances WHERE account_id = ?1 AND region = ?2`
	allInstances = selectInstances + ` ORDER BY launch_time DESC, rowid DESC`
	oneInstance  = selectInstances + ` AND id = ?3`
)

// Instances implements engine.Tx.
func (t *tx) Instances() ([]compute.Instance, error) { return t.instances("") }

// FindInstance implements engine.Tx.
func (t *tx) FindInstance(id string) (compute.Instance, bool, error) { return find(t.instances, id) }

// instances reads every instance, or with an id that one, in three queries: the rows,
// their interfaces and their tags.
func (t *tx) instances(id string) ([]compute.Instance, error) {
	instances, err := load(t, scanInstance, id, allInstances, oneInstance)
	if err != nil {
		return nil, err
	}
	interfaces, err := worn(load(t, scanInterface, id, instancesOwn, instanceOwns))
	if err != nil {
		return nil, err
	}
	owned := make(map[string]network.Interface, len(interfaces))
	for _, n := range interfaces {
		owned[n.InstanceID] = n
	}
	tags, err := t.tags(instanceTags, id)
	for i := range instances {
		in := &instances[i]
		in.Tags = tags[in.ID]
		if n, ok := owned[in.ID]; ok {
			in.Interface = n
		}
	}
	return instances, err
}

// scanInstance leaves the interface to its own row, but for the Availability Zone.
func scanInstance(r row) (in compute.Instance, err error) {
	err = r.Scan(&in.ID, &in.ReservationID, &in.LaunchIndex, &in.ImageID, &in.Type, &in.KeyName,
		&in.Interface.AvailabilityZone, &in.AutoPublicIP, &in.UserData, &in.DisableApiTermination, &in.ShutdownBehavior,
		&in.Goal, &in.Boots, &in.StateReason.Code, &in.StateReason.Message, &in.StateTransitionReason,
		at(&in.LaunchTime), at(&in.TerminatedAt), &in.RootVolumeID, &in.PublicKey)
	if len(in.UserData) == 0 {
		in.UserData = nil
	}
	return in, err
}

// PutInstance implements engine.Tx. The interface belongs to the instance, whatever it
// says itself. A terminated instance may have given its address back: of its interface
// the Availability Zone alone is kept then. An address that something else has is the
// fault InvalidIPAddress.InUse.
func (t *tx) PutInstance(in compute.Instance) error {
	if err := t.putInstanceRow(in); err != nil {
		return err
	}
	err := t.exec(`DELETE FROM interfaces WHERE account_id = ?1 AND region = ?2 AND instance_id = ?3`, in.ID)
	if err != nil {
		return err
	}
	switch n := in.Interface; {
	case n.PrivateIP.IsValid():
		n.InstanceID, n.LoadBalancer = in.ID, ""
		err = t.putInterface(n, 0)
	case in.Goal != compute.Terminate:
		t.failed = fmt.Errorf("writing the database: instance %s is to %s without a private address", in.ID, in.Goal)
		err = t.failed
	}
	if err != nil {
		return err
	}
	return t.putTags(instanceTags, in.ID, in.Tags)
}

// putInstanceRow updates in place: SQLite's REPLACE would delete the old row first, and
// all that hangs on it.
func (t *tx) putInstanceRow(in compute.Instance) error {
	return t.put(nil, `
		INSERT INTO instances (account_id, region, id, reservation_id, launch_index, image_id, type, key_name,
			availability_zone, auto_public_ip, user_data, disable_api_termination, shutdown_behavior, goal, boots,
			state_reason_code, state_reason_message, state_transition_reason, launch_time, terminated_at, root_volume_id,
			public_key)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
		ON CONFLICT (id) DO UPDATE SET
			reservation_id = excluded.reservation_id, launch_index = excluded.launch_index,
			image_id = excluded.image_id, type = excluded.type, key_name = excluded.key_name,
			availability_zone = excluded.availability_zone,
			auto_public_ip = excluded.auto_public_ip, user_data = excluded.user_data,
			disable_api_termination = excluded.disable_api_termination, shutdown_behavior = excluded.shutdown_behavior,
			goal = excluded.goal, boots = excluded.boots, state_reason_code = excluded.state_reason_code,
			state_reason_message = excluded.state_reason_message,
			state_transition_reason = excluded.state_transition_reason, launch_time = excluded.launch_time,
			terminated_at = excluded.terminated_at, root_volume_id = excluded.root_volume_id,
			public_key = excluded.public_key
		WHERE account_id = excluded.account_id AND region = excluded.region`,
		in.ID, in.ReservationID, in.LaunchIndex, in.ImageID, in.Type, in.KeyName, in.Interface.AvailabilityZone,
		in.AutoPublicIP, blob(in.UserData), in.DisableApiTermination, in.ShutdownBehavior, string(in.Goal), in.Boots,
		in.StateReason.Code, in.StateReason.Message, in.StateTransitionReason,
		micros(in.LaunchTime), micros(in.TerminatedAt), in.RootVolumeID, in.PublicKey)
}

// blob is never nil, which would be stored as NULL.
func blob(b []byte) []byte { return append([]byte{}, b...) }

// DeleteInstance implements engine.Tx. One that is still registered fails the commit
// with DependencyViolation.
func (t *tx) DeleteInstance(id string) error {
	if err := t.exec(`DELETE FROM instances WHERE account_id = ?1 AND region = ?2 AND id = ?3`, id); err != nil {
		return err
	}
	return t.deleteTags(instanceTags, id)
}
