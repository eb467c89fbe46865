package elb

import "elbow/engine/fault"

// layer is the family of a listener's protocol: the two sides must agree on it.
func (p Protocol) layer() int {
	switch p {
	case HTTP, HTTPS:
		return 7
	case TCP, SSL:
		return 4
	}
	return 0
}

// Validate checks one listener by itself: known protocols, both sides of one layer (AWS's
// guide, "Listeners for your Classic Load Balancer"), ports from 1, and that this load
// balancer can serve it, which today is HTTP on both sides. The fault concerns protocol,
// instance_protocol, listener_port or instance_port.
func (l Listener) Validate() error {
	switch {
	case l.Protocol.layer() == 0:
		return fault.New(fault.Invalid, invalid, "A listener's protocol is HTTP, HTTPS, TCP or SSL, not %q.", clip(string(l.Protocol))).In("protocol")
	case l.InstanceProtocol.layer() == 0:
		return fault.New(fault.Invalid, invalid, "An instance protocol is HTTP, HTTPS, TCP or SSL, not %q.", clip(string(l.InstanceProtocol))).In("instance_protocol")
	case l.LoadBalancerPort == 0:
		return fault.New(fault.Invalid, invalid, "A listener's port is a number from 1 to 65535.").In("listener_port")
	case l.InstancePort == 0:
		return fault.New(fault.Invalid, invalid, "An instance port is a number from 1 to 65535.").In("instance_port")
	case l.Protocol.layer() != l.InstanceProtocol.layer():
		return fault.New(fault.Invalid, "InvalidConfigurationRequest",
			"The protocols %s and %s do not go together: HTTP and HTTPS are sent to HTTP or HTTPS, TCP and SSL to TCP or SSL.",
			string(l.Protocol), string(l.InstanceProtocol)).In("instance_protocol")
	case l.Protocol != HTTP:
		return unsupported("protocol", l.Protocol)
	case l.InstanceProtocol != HTTP:
		return unsupported("instance_protocol", l.InstanceProtocol)
	}
	return nil
}

func unsupported(field string, p Protocol) error {
	return fault.New(fault.Invalid, "UnsupportedProtocol", "%s listeners are not available here yet; use HTTP on both sides.", string(p)).In(field)
}

// ValidateListeners checks each listener, and that no two share a port of the load
// balancer (API reference, CreateLoadBalancerListeners). An empty list is valid.
func ValidateListeners(listeners []Listener) error {
	taken := map[uint16]bool{}
	for _, l := range listeners {
		if err := l.Validate(); err != nil {
			return err
		}
		if taken[l.LoadBalancerPort] {
			return fault.New(fault.Conflict, "DuplicateListener",
				"A listener already exists for the load balancer port %d; each port takes one listener.", l.LoadBalancerPort).In("listener_port")
		}
		taken[l.LoadBalancerPort] = true
	}
	return nil
}
