package store

import "elbow/engine/network"

// VPCs implements engine.Tx, the default one first.
func (t *tx) VPCs() ([]network.VPC, error) {
	return collect(t, scanVPC, `
		SELECT id, cidr, is_default FROM vpcs
		WHERE account_id = ?1 AND region = ?2 ORDER BY is_default DESC, id`)
}

func scanVPC(r row) (v network.VPC, err error) {
	err = r.Scan(&v.ID, prefix(&v.CIDR), &v.IsDefault)
	return v, err
}

// PutVPC implements engine.Tx. A second default VPC of a scope is an error.
func (t *tx) PutVPC(v network.VPC) error {
	return t.put(nil, `
		INSERT INTO vpcs (account_id, region, id, cidr, is_default) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (id) DO UPDATE SET cidr = excluded.cidr, is_default = excluded.is_default
		WHERE account_id = excluded.account_id AND region = excluded.region`,
		v.ID, v.CIDR.String(), v.IsDefault)
}

// Subnets implements engine.Tx.
func (t *tx) Subnets() ([]network.Subnet, error) {
	return collect(t, scanSubnet, `
		SELECT id, vpc_id, availability_zone, cidr, default_for_az FROM subnets
		WHERE account_id = ?1 AND region = ?2 ORDER BY availability_zone, default_for_az DESC, id`)
}

func scanSubnet(r row) (s network.Subnet, err error) {
	err = r.Scan(&s.ID, &s.VPCID, &s.AvailabilityZone, prefix(&s.CIDR), &s.DefaultForAZ)
	return s, err
}

// PutSubnet implements engine.Tx. Two subnets of a VPC with the same range are an error;
// ranges that overlap are the engine's to refuse.
func (t *tx) PutSubnet(s network.Subnet) error {
	return t.put(nil, `
		INSERT INTO subnets (account_id, region, id, vpc_id, availability_zone, cidr, default_for_az)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (id) DO UPDATE SET
			vpc_id = excluded.vpc_id, availability_zone = excluded.availability_zone,
			cidr = excluded.cidr, default_for_az = excluded.default_for_az
		WHERE account_id = excluded.account_id AND region = excluded.region`,
		s.ID, s.VPCID, s.AvailabilityZone, s.CIDR.String(), s.DefaultForAZ)
}
