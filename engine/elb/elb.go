// Package elb owns Classic Load Balancers: listeners, health checks, targets, and the
// edge that runs them.
//
// It never knows instances: a target is an id and an address. It reaches the network
// through the Fabric only, and never reads the store. Records in this file are plain
// values; the live thing is Edge, which owns every frontend and backend and is safe for
// concurrent use.
package elb

import (
	"fmt"
	"net/netip"
	"time"

	"elbow/engine/network"
)

// Scheme says who can reach a load balancer by name; it is fixed at creation.
type Scheme string

// The schemes of a load balancer.
const (
	InternetFacing Scheme = "internet-facing"
	Internal       Scheme = "internal"
)

// Protocol is the protocol of a listener's side or of a probe.
type Protocol string

// The protocols of listeners and probes.
const (
	HTTP  Protocol = "HTTP"
	HTTPS Protocol = "HTTPS"
	TCP   Protocol = "TCP"
	SSL   Protocol = "SSL"
)

// Listener takes connections on LoadBalancerPort and sends them to InstancePort.
type Listener struct {
	Protocol         Protocol
	LoadBalancerPort uint16
	InstanceProtocol Protocol
	InstancePort     uint16
}

// HealthCheck is how targets are probed. AWS's ranges: Timeout 2 to 60 s and below
// Interval, Interval 5 to 300 s, both thresholds 2 to 10.
type HealthCheck struct {
	Protocol           Protocol
	Port               uint16
	Path               string // begins with a slash for HTTP and HTTPS, empty otherwise; at most 1,024 characters
	Timeout            time.Duration
	Interval           time.Duration
	UnhealthyThreshold int
	HealthyThreshold   int
}

// Target writes the check as AWS does: HTTP:80/index.html, TCP:80.
func (h HealthCheck) Target() string { return fmt.Sprintf("%s:%d%s", h.Protocol, h.Port, h.Path) }

// Attributes are the settings that AWS calls load balancer attributes.
type Attributes struct {
	CrossZone          bool
	ConnectionDraining bool
	DrainingTimeout    time.Duration // 1 to 3600 s
	IdleTimeout        time.Duration // 1 to 4000 s
}

// LoadBalancer is the record of one Classic Load Balancer.
type LoadBalancer struct {
	Name          string // 1 to 32 letters, digits and hyphens; unique for the account and Region
	DNSName       string // NAME-1234567890.REGION.elb.DOMAIN
	HostedZoneID  string
	VPCID         string
	Scheme        Scheme
	Groups        []string
	Nodes         []network.Interface // one for each enabled Availability Zone
	Listeners     []Listener
	HealthCheck   HealthCheck
	Attributes    Attributes
	Registrations []Registration
	CreatedAt     time.Time
	Tags          map[string]string
}

// Zones are the enabled Availability Zones, in the order of the nodes.
func (l LoadBalancer) Zones() []string {
	zones := make([]string, len(l.Nodes))
	for i, n := range l.Nodes {
		zones[i] = n.AvailabilityZone
	}
	return zones
}

// Registration ties an instance to a load balancer. ID tells one registration from a later
// one of the same instance, so that health is never inherited.
type Registration struct {
	ID           string // reg-
	InstanceID   string
	RegisteredAt time.Time
}

// Target is what the edge is told of a registered instance: an id, where it answers, and
// whether it can be probed at all.
type Target struct {
	Registration string
	ID           string     // the instance's id
	Addr         netip.Addr // its primary private address
	Zone         string
	// Availability says what the instance is doing, in its own state's word (running,
	// pending, stopping, stopped, …); only a running one is probed.
	Availability string
}

// HealthState is the state of a target as DescribeInstanceHealth gives it.
type HealthState string

// The states of a target.
const (
	InService    HealthState = "InService"
	OutOfService HealthState = "OutOfService"
	Unknown      HealthState = "Unknown"
)

// Health is the verdict on one target, with AWS's reason code (ELB, Instance or N/A) and
// description, and beside them what was seen on the wire.
type Health struct {
	InstanceID  string
	Zone        string
	State       HealthState
	ReasonCode  string
	Description string
	Since       time.Time // when State or Description last changed
	Passes      int       // consecutive passes, 0 after a failure
	Failures    int       // consecutive failures, 0 after a pass
	LastProbe   Probe
}

// Probe is what one probe saw.
type Probe struct {
	At       time.Time // zero: none yet
	Node     netip.Addr
	Duration time.Duration
	OK       bool
	Status   int    // the HTTP status, 0 when there was none
	Failure  string // a stable word: timeout, refused, reset, tls, malformed, status, egress, internal; empty when OK
	Detail   string // one line of evidence
}

// NoSuchRegistration is the description of an instance that is asked for and not registered.
const NoSuchRegistration = "Instance is not currently registered with the LoadBalancer."
