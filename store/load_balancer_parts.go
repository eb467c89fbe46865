package store

import (
	"time"

	"elbow/engine/elb"
	"elbow/engine/network"
)

const (
	selectBalancerGroups = `
		SELECT load_balancer, group_id FROM load_balancer_groups
		WHERE account_id = ?1 AND region = ?2`
	allBalancerGroups = selectBalancerGroups + ` ORDER BY load_balancer, position`
	oneBalancerGroups = selectBalancerGroups + ` AND load_balancer = ?3 ORDER BY position`

	selectListeners = `
		SELECT load_balancer, protocol, load_balancer_port, instance_protocol, instance_port
		FROM listeners WHERE account_id = ?1 AND region = ?2`
	allListeners = selectListeners + ` ORDER BY load_balancer, position`
	oneListeners = selectListeners + ` AND load_balancer = ?3 ORDER BY position`

	selectRegistrations = `
		SELECT load_balancer, id, instance_id, registered_at FROM registrations
		WHERE account_id = ?1 AND region = ?2`
	allRegistrations = selectRegistrations + ` ORDER BY position`
	oneRegistrations = selectRegistrations + ` AND load_balancer = ?3 ORDER BY position`
)

// balancerParts is what hangs on load balancers, by their names.
type balancerParts struct {
	groups        map[string][]string
	nodes         map[string][]network.Interface
	listeners     map[string][]elb.Listener
	registrations map[string][]elb.Registration
	tags          map[string]map[string]string
}

// balancerParts reads the parts of every load balancer, or with a name of that one.
func (t *tx) balancerParts(name string) (p balancerParts, err error) {
	if p.groups, err = byOwner(load(t, scanBalancerGroup, name, allBalancerGroups, oneBalancerGroups)); err != nil {
		return p, err
	}
	if p.nodes, err = t.balancerNodes(name); err != nil {
		return p, err
	}
	if p.listeners, err = byOwner(load(t, scanListener, name, allListeners, oneListeners)); err != nil {
		return p, err
	}
	if p.registrations, err = byOwner(load(t, scanRegistration, name, allRegistrations, oneRegistrations)); err != nil {
		return p, err
	}
	p.tags, err = t.tags(loadBalancerTags, name)
	return p, err
}

func scanBalancerGroup(r row) (p part[string], err error) {
	err = r.Scan(&p.owner, &p.value)
	return p, err
}

func scanListener(r row) (p part[elb.Listener], err error) {
	l := &p.value
	err = r.Scan(&p.owner, &l.Protocol, &l.LoadBalancerPort, &l.InstanceProtocol, &l.InstancePort)
	return p, err
}

func scanRegistration(r row) (p part[elb.Registration], err error) {
	err = r.Scan(&p.owner, &p.value.ID, &p.value.InstanceID, at(&p.value.RegisteredAt))
	return p, err
}

func (t *tx) putBalancerGroups(b elb.LoadBalancer) error {
	err := t.exec(`DELETE FROM load_balancer_groups WHERE account_id = ?1 AND region = ?2 AND load_balancer = ?3`, b.Name)
	if err != nil {
		return err
	}
	for i, group := range b.Groups {
		err := t.exec(`
			INSERT INTO load_balancer_groups (account_id, region, load_balancer, position, group_id)
			VALUES (?1, ?2, ?3, ?4, ?5)`, b.Name, i, group)
		if err != nil {
			return err
		}
	}
	return nil
}

// putListeners writes all listeners anew, so that two may trade ports.
func (t *tx) putListeners(b elb.LoadBalancer) error {
	err := t.exec(`DELETE FROM listeners WHERE account_id = ?1 AND region = ?2 AND load_balancer = ?3`, b.Name)
	if err != nil {
		return err
	}
	for i, l := range b.Listeners {
		err := t.exec(`
			INSERT INTO listeners (account_id, region, load_balancer, position,
				protocol, load_balancer_port, instance_protocol, instance_port)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
			b.Name, i, string(l.Protocol), l.LoadBalancerPort, string(l.InstanceProtocol), l.InstancePort)
		if err != nil {
			return err
		}
	}
	return nil
}

// putRegistrations writes the difference only: there may be a thousand, and as many
// instances that end one after another.
func (t *tx) putRegistrations(b elb.LoadBalancer) error {
	stored, err := byOwner(load(t, scanRegistration, b.Name, allRegistrations, oneRegistrations))
	if err != nil {
		return err
	}
	wanted := make(map[elb.Registration]bool, len(b.Registrations))
	for _, reg := range b.Registrations {
		wanted[asStored(reg)] = true
	}
	for _, reg := range stored[b.Name] {
		if wanted[reg] {
			delete(wanted, reg)
			continue
		}
		if err := t.deregister(b.Name, reg.ID); err != nil {
			return err
		}
	}
	for _, reg := range b.Registrations {
		if !wanted[asStored(reg)] {
			continue
		}
		if err := t.register(b.Name, reg); err != nil {
			return err
		}
	}
	return nil
}

// asStored is the registration as it will come back: with its time to the microsecond.
func asStored(reg elb.Registration) elb.Registration {
	if reg.RegisteredAt.IsZero() {
		reg.RegisteredAt = time.Time{}
		return reg
	}
	reg.RegisteredAt = time.UnixMicro(reg.RegisteredAt.UnixMicro()).UTC()
	return reg
}

// register gives the registration the next position, after all others.
func (t *tx) register(name string, reg elb.Registration) error {
	return t.exec(`
		INSERT INTO registrations (account_id, region, load_balancer, id, instance_id, registered_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)`, name, reg.ID, reg.InstanceID, micros(reg.RegisteredAt))
}

func (t *tx) deregister(name, id string) error {
	return t.exec(`
		DELETE FROM registrations
		WHERE account_id = ?1 AND region = ?2 AND load_balancer = ?3 AND id = ?4`, name, id)
}
