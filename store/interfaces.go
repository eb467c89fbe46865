package store

import (
	"net/netip"

	"elbow/engine/fault"
	"elbow/engine/network"
)

// An interface comes as one row for each group that it wears, in the groups' order, and
// as a single row without a group where it wears none.
const (
	selectInterfaces = `
		SELECT n.id, n.vpc_id, n.subnet_id, n.availability_zone, n.private_ip, n.public_ip,
			n.description, n.instance_id, n.load_balancer, w.group_id
		FROM interfaces n LEFT JOIN interface_groups w
			ON w.account_id = n.account_id AND w.region = n.region AND w.interface_id = n.id
		WHERE n.account_id = ?1 AND n.region = ?2`

	allInterfaces    = selectInterfaces + ` ORDER BY n.id, w.position`
	instancesOwn     = selectInterfaces + ` AND n.instance_id IS NOT NULL ORDER BY n.instance_id, w.position`
	instanceOwns     = selectInterfaces + ` AND n.instance_id = ?3 ORDER BY w.position`
	loadBalancersOwn = selectInterfaces + ` AND n.load_balancer IS NOT NULL ORDER BY n.load_balancer, n.position, w.position`
	loadBalancerOwns = selectInterfaces + ` AND n.load_balancer = ?3 ORDER BY n.position, w.position`
)

// Interfaces implements engine.Tx, in the order of their ids.
func (t *tx) Interfaces() ([]network.Interface, error) {
	return worn(collect(t, scanInterface, allInterfaces))
}

// worn puts the rows of each interface together.
func worn(rows []network.Interface, err error) ([]network.Interface, error) {
	var interfaces []network.Interface
	for _, row := range rows {
		if last := len(interfaces) - 1; last >= 0 && interfaces[last].ID == row.ID {
			interfaces[last].Groups = append(interfaces[last].Groups, row.Groups...)
			continue
		}
		interfaces = append(interfaces, row)
	}
	return interfaces, err
}

func scanInterface(r row) (n network.Interface, err error) {
	var group string
	err = r.Scan(&n.ID, &n.VPCID, &n.SubnetID, &n.AvailabilityZone, address(&n.PrivateIP), address(&n.PublicIP),
		&n.Description, orEmpty(&n.InstanceID), orEmpty(&n.LoadBalancer), orEmpty(&group))
	if group != "" {
		n.Groups = []string{group}
	}
	return n, err
}

// PrivateIPs implements engine.Tx.
func (t *tx) PrivateIPs() ([]netip.Addr, error) {
	return gather(t.sql, scanAddress, `SELECT private_ip FROM interfaces`)
}

// PublicIPs implements engine.Tx.
func (t *tx) PublicIPs() ([]netip.Addr, error) {
	return gather(t.sql, scanAddress, `SELECT public_ip FROM interfaces WHERE public_ip IS NOT NULL`)
}

func scanAddress(r row) (a netip.Addr, err error) {
	err = r.Scan(address(&a))
	return a, err
}

// putInterface writes an interface anew; its owner has taken away the old one. position
// is its place among its owner's.
func (t *tx) putInterface(n network.Interface, position int) error {
	// Which of the two addresses it was, only the text of the driver's error would tell.
	taken := fault.New(fault.Conflict, "InvalidIPAddress.InUse", "The address %s, or the public address %s, has just been given to something else. Try again.", n.PrivateIP, n.PublicIP)
	_, err := t.write(taken, `
		INSERT INTO interfaces (account_id, region, id, instance_id, load_balancer, position, vpc_id,
			subnet_id, availability_zone, private_ip, public_ip, description)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
		n.ID, orNull(n.InstanceID != "", n.InstanceID), orNull(n.LoadBalancer != "", n.LoadBalancer), position,
		n.VPCID, n.SubnetID, n.AvailabilityZone, orNull(n.PrivateIP.IsValid(), n.PrivateIP.String()),
		orNull(n.PublicIP.IsValid(), n.PublicIP.String()), n.Description)
	if err != nil {
		return err
	}
	for i, group := range n.Groups {
		err := t.exec(`
			INSERT INTO interface_groups (account_id, region, interface_id, position, group_id)
			VALUES (?1, ?2, ?3, ?4, ?5)`, n.ID, i, group)
		if err != nil {
			return err
		}
	}
	return nil
}
