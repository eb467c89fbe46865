package store

import (
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/network"
)

const (
	selectBalancers = `
		SELECT name, dns_name, hosted_zone_id, vpc_id, scheme, check_protocol, check_port, check_path,
			check_timeout, check_interval, check_unhealthy_threshold, check_healthy_threshold,
			cross_zone, connection_draining, draining_timeout, idle_timeout, created_at
		FROM load_balancers WHERE account_id = ?1 AND region = ?2`
	allBalancers = selectBalancers + ` ORDER BY created_at DESC, rowid DESC`
	oneBalancer  = selectBalancers + ` AND name = ?3`
)

// LoadBalancers implements engine.Tx.
func (t *tx) LoadBalancers() ([]elb.LoadBalancer, error) { return t.balancers("") }

// FindLoadBalancer implements engine.Tx.
func (t *tx) FindLoadBalancer(name string) (elb.LoadBalancer, bool, error) {
	return find(t.balancers, name)
}

// balancers reads every load balancer, or with a name that one, in as many queries as
// there are kinds of parts.
func (t *tx) balancers(name string) ([]elb.LoadBalancer, error) {
	balancers, err := load(t, scanBalancer, name, allBalancers, oneBalancer)
	if err != nil || len(balancers) == 0 {
		return nil, err
	}
	parts, err := t.balancerParts(name)
	if err != nil {
		return nil, err
	}
	for i := range balancers {
		b := &balancers[i]
		b.Groups, b.Nodes, b.Listeners = parts.groups[b.Name], parts.nodes[b.Name], parts.listeners[b.Name]
		b.Registrations, b.Tags = parts.registrations[b.Name], parts.tags[b.Name]
	}
	return balancers, nil
}

func scanBalancer(r row) (b elb.LoadBalancer, err error) {
	h, a := &b.HealthCheck, &b.Attributes
	err = r.Scan(&b.Name, &b.DNSName, &b.HostedZoneID, &b.VPCID, &b.Scheme, &h.Protocol, &h.Port, &h.Path,
		millis(&h.Timeout), millis(&h.Interval), &h.UnhealthyThreshold, &h.HealthyThreshold,
		&a.CrossZone, &a.ConnectionDraining, millis(&a.DrainingTimeout), millis(&a.IdleTimeout), at(&b.CreatedAt))
	return b, err
}

// PutLoadBalancer implements engine.Tx. The nodes belong to the load balancer, whatever
// they say themselves. A DNS name that another one has is the fault
// DuplicateLoadBalancerName. Registrations come back in the order in which they were
// first put, everything else in the order given.
func (t *tx) PutLoadBalancer(b elb.LoadBalancer) error {
	if err := t.putBalancerRow(b); err != nil {
		return err
	}
	if err := t.putBalancerGroups(b); err != nil {
		return err
	}
	if err := t.putNodes(b); err != nil {
		return err
	}
	if err := t.putListeners(b); err != nil {
		return err
	}
	if err := t.putRegistrations(b); err != nil {
		return err
	}
	return t.putTags(loadBalancerTags, b.Name, b.Tags)
}

func (t *tx) putBalancerRow(b elb.LoadBalancer) error {
	h, a := b.HealthCheck, b.Attributes
	taken := fault.New(fault.Conflict, "DuplicateLoadBalancerName", "A load balancer named '%s' already exists. Choose another name.", b.Name).In("name")
	return t.put(taken, `
		INSERT INTO load_balancers (account_id, region, name, dns_name, hosted_zone_id, vpc_id, scheme,
			check_protocol, check_port, check_path, check_timeout, check_interval,
			check_unhealthy_threshold, check_healthy_threshold,
			cross_zone, connection_draining, draining_timeout, idle_timeout, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
		ON CONFLICT (account_id, region, name) DO UPDATE SET
			dns_name = excluded.dns_name, hosted_zone_id = excluded.hosted_zone_id, vpc_id = excluded.vpc_id,
			scheme = excluded.scheme, check_protocol = excluded.check_protocol, check_port = excluded.check_port,
			check_path = excluded.check_path, check_timeout = excluded.check_timeout,
			check_interval = excluded.check_interval,
			check_unhealthy_threshold = excluded.check_unhealthy_threshold,
			check_healthy_threshold = excluded.check_healthy_threshold, cross_zone = excluded.cross_zone,
			connection_draining = excluded.connection_draining, draining_timeout = excluded.draining_timeout,
			idle_timeout = excluded.idle_timeout, created_at = excluded.created_at`,
		b.Name, b.DNSName, b.HostedZoneID, b.VPCID, string(b.Scheme), string(h.Protocol), h.Port, h.Path,
		h.Timeout.Milliseconds(), h.Interval.Milliseconds(), h.UnhealthyThreshold, h.HealthyThreshold,
		a.CrossZone, a.ConnectionDraining, a.DrainingTimeout.Milliseconds(), a.IdleTimeout.Milliseconds(), micros(b.CreatedAt))
}

// putNodes takes all nodes away first, so that they may trade addresses.
func (t *tx) putNodes(b elb.LoadBalancer) error {
	err := t.exec(`DELETE FROM interfaces WHERE account_id = ?1 AND region = ?2 AND load_balancer = ?3`, b.Name)
	if err != nil {
		return err
	}
	for i, n := range b.Nodes {
		n.InstanceID, n.LoadBalancer = "", b.Name
		if err := t.putInterface(n, i); err != nil {
			return err
		}
	}
	return nil
}

// DeleteLoadBalancer implements engine.Tx. Nodes, listeners and registrations go with
// their load balancer by the schema; tags have no foreign key.
func (t *tx) DeleteLoadBalancer(name string) error {
	if err := t.exec(`DELETE FROM load_balancers WHERE account_id = ?1 AND region = ?2 AND name = ?3`, name); err != nil {
		return err
	}
	return t.deleteTags(loadBalancerTags, name)
}

// balancerNodes are the nodes of every load balancer, or with a name of that one.
func (t *tx) balancerNodes(name string) (map[string][]network.Interface, error) {
	interfaces, err := worn(load(t, scanInterface, name, loadBalancersOwn, loadBalancerOwns))
	nodes := make(map[string][]network.Interface)
	for _, n := range interfaces {
		nodes[n.LoadBalancer] = append(nodes[n.LoadBalancer], n)
	}
	return nodes, err
}
