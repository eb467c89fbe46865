package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"elbow/engine/elb"
	"elbow/engine/fault"
)

// The quotas of Classic Load Balancers (Classic Load Balancer Guide, "Quotas").
const (
	maxLoadBalancers        = 20   // an account and Region
	maxRegistrations        = 1000 // a load balancer
	maxListenersPerBalancer = 100
	defaultIdleTimeout      = 60 * time.Second
	defaultDrainingTimeout  = 300 * time.Second
	defaultProbeTimeout     = 5 * time.Second
	defaultProbeInterval    = 30 * time.Second
	defaultUnhealthyProbes  = 2
	defaultHealthyProbes    = 10
)

// CreateLoadBalancerInput is what CreateLoadBalancer takes.
type CreateLoadBalancerInput struct {
	Name        string                    // 1 to 32 letters, digits and hyphens, unique for the account and Region
	Scheme      elb.Scheme                // empty: internet-facing
	VPCID       string                    // empty: the default VPC
	SubnetIDs   []string                  // at most one an Availability Zone; empty: the default subnets of all zones
	GroupIDs    []string                  // empty, with no NewGroup: the VPC's default group
	NewGroup    *CreateSecurityGroupInput // made in the same step and worn besides GroupIDs
	Listeners   []elb.Listener            // 1 to 100
	HealthCheck elb.HealthCheck           // the zero value: AWS's default, TCP on the first listener's instance port
	Attributes  elb.Attributes            // zero timeouts: AWS's defaults, 60 s idle and 300 s draining
	InstanceIDs []string                  // running instances of the VPC
	Tags        map[string]string
}

// CreateLoadBalancer makes a Classic Load Balancer with everything that belongs to it in
// one step, and returns its record. Errors: DuplicateLoadBalancerName,
// TooManyLoadBalancers, InvalidScheme, SubnetNotFound, InvalidSubnet,
// InvalidConfigurationRequest, InvalidSecurityGroup, InvalidInstance, ValidationError and
// those of package elb's validation.
func (e *Engine) CreateLoadBalancer(ctx context.Context, in CreateLoadBalancerInput) (elb.LoadBalancer, error) {
	var made elb.LoadBalancer
	err := e.do(ctx, "CreateLoadBalancer", "name "+shown(in.Name), func(c *change) error {
		c.about(shown(in.Name))
		b, err := e.newBalancer(c, in.withDefaults())
		if err != nil {
			return err
		}
		made = b
		touchBalancer(c, b, b.Registrations)
		return c.PutLoadBalancer(b)
	})
	if err != nil {
		return elb.LoadBalancer{}, err
	}
	return made, nil
}

func (e *Engine) newBalancer(c *change, in CreateLoadBalancerInput) (elb.LoadBalancer, error) {
	if err := in.check(); err != nil {
		return elb.LoadBalancer{}, err
	}
	if err := checkBalancerRoom(c, in.Name); err != nil {
		return elb.LoadBalancer{}, err
	}
	vpc, err := findVPC(c, in.VPCID)
	if err != nil {
		return elb.LoadBalancer{}, err
	}
	b := elb.LoadBalancer{
		Name: in.Name, VPCID: vpc.ID, Scheme: in.Scheme, HostedZoneID: hostedZone(c.scope.Region),
		DNSName:   e.balancerDNS(c.scope.Region, in.Name, in.Scheme),
		Listeners: in.Listeners, HealthCheck: in.HealthCheck, Attributes: in.Attributes,
		CreatedAt: c.at, Tags: in.Tags,
	}
	if b.Groups, err = balancerGroups(c, vpc.ID, in); err != nil {
		return b, err
	}
	if b.Nodes, err = e.newNodes(c, b, in.SubnetIDs); err != nil {
		return b, err
	}
	if b.Registrations, err = e.registered(c, b, in.InstanceIDs, c.at); err != nil {
		return b, err
	}
	return b, c.ReviveName(strings.ToLower(b.DNSName))
}

// withDefaults fills in what was left out, as AWS's API does.
func (in CreateLoadBalancerInput) withDefaults() CreateLoadBalancerInput {
	if in.Scheme == "" {
		in.Scheme = elb.InternetFacing
	}
	if in.HealthCheck == (elb.HealthCheck{}) && len(in.Listeners) > 0 {
		in.HealthCheck = elb.HealthCheck{
			Protocol: elb.TCP, Port: in.Listeners[0].InstancePort,
			Timeout: defaultProbeTimeout, Interval: defaultProbeInterval,
			UnhealthyThreshold: defaultUnhealthyProbes, HealthyThreshold: defaultHealthyProbes,
		}
	}
	in.Attributes = withDefaultTimeouts(in.Attributes)
	return in
}

func withDefaultTimeouts(a elb.Attributes) elb.Attributes {
	if a.IdleTimeout == 0 {
		a.IdleTimeout = defaultIdleTimeout
	}
	if a.DrainingTimeout == 0 {
		a.DrainingTimeout = defaultDrainingTimeout
	}
	return a
}

// check refuses what is wrong with the input alone.
func (in CreateLoadBalancerInput) check() error {
	if err := elb.ValidName(in.Name); err != nil {
		return err
	}
	if in.Scheme != elb.InternetFacing && in.Scheme != elb.Internal {
		return fault.New(fault.Invalid, "InvalidScheme", "The scheme must be internet-facing or internal, not '%s'.", shown(string(in.Scheme))).In("scheme")
	}
	if err := checkListeners(in.Listeners); err != nil {
		return err
	}
	if err := in.HealthCheck.Validate(); err != nil {
		return err
	}
	if err := in.Attributes.Validate(); err != nil {
		return err
	}
	return ValidateTags(in.Tags)
}

// checkListeners refuses a load balancer's whole set of listeners.
func checkListeners(listeners []elb.Listener) error {
	if len(listeners) == 0 {
		return fault.New(fault.Invalid, "ValidationError", "A load balancer needs at least one listener.").In("listener_port")
	}
	if len(listeners) > maxListenersPerBalancer {
		return fault.New(fault.Limit, "InvalidConfigurationRequest",
			"A load balancer has at most %d listeners; these are %d.", maxListenersPerBalancer, len(listeners)).In("listener_port")
	}
	return elb.ValidateListeners(listeners)
}

// checkBalancerRoom refuses a name that is taken and a load balancer beyond the quota.
func checkBalancerRoom(tx Tx, name string) error {
	all, err := tx.LoadBalancers()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(b elb.LoadBalancer) bool { return strings.EqualFold(b.Name, name) }) {
		return fault.New(fault.Conflict, "DuplicateLoadBalancerName",
			"A load balancer named '%s' already exists. Choose another name.", name).In("name")
	}
	if len(all) >= maxLoadBalancers {
		return fault.New(fault.Limit, "TooManyLoadBalancers",
			"The quota of %d load balancers for this account and Region has been reached. Delete one that is not needed.", maxLoadBalancers)
	}
	return nil
}

// DeleteLoadBalancer deletes the load balancer and retires its name; its instances go on
// running. Deleting one that does not exist succeeds, as in AWS.
func (e *Engine) DeleteLoadBalancer(ctx context.Context, name string) error {
	return e.do(ctx, "DeleteLoadBalancer", "", func(c *change) error {
		c.about(shown(name))
		b, ok, err := c.FindLoadBalancer(name)
		if err != nil || !ok {
			return err
		}
		touchBalancer(c, b, b.Registrations)
		if err := c.DeleteLoadBalancer(b.Name); err != nil {
			return err
		}
		return c.RetireName(RetiredName{Name: strings.ToLower(b.DNSName), Resource: b.Name, Why: "deleted", At: c.at})
	})
}

// findBalancer finds a load balancer by name.
func findBalancer(tx Tx, name string) (elb.LoadBalancer, error) {
	b, ok, err := tx.FindLoadBalancer(name)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "LoadBalancerNotFound", "There is no ACTIVE Load Balancer named '%s'", shown(name))
	}
	return b, err
}

// touchBalancer tells the pages of the load balancer, of the groups that it wears and of
// the given registrations' instances, which all show it.
func touchBalancer(c *change, b elb.LoadBalancer, registrations []elb.Registration) {
	c.touch("load-balancer", b.Name)
	for _, id := range b.Groups {
		c.touch("security-group", id)
	}
	for _, r := range registrations {
		c.touch("instance", r.InstanceID)
	}
}
