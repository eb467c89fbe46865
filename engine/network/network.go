// Package network is the data plane that everything else stands on: interfaces with
// addresses, security groups compiled into firewalls, the fabric that carries
// connections between interfaces, and the internet gateway that lets the outside in.
//
// It owns admission: no connection reaches an interface without a verdict, and every
// verdict leaves a flow record. It never knows what an interface belongs to (an
// instance or a load balancer) and never reads the store. Records in this file are
// plain values; the live things are Fabric and Gateway, both safe for concurrent use.
package network

import (
	"net/netip"
	"time"
)

// VPC is a virtual private cloud. Every account starts with the default one, 172.31.0.0/16.
type VPC struct {
	ID        string // vpc-
	CIDR      netip.Prefix
	IsDefault bool
}

// Subnet is a range of a VPC's addresses in one Availability Zone; AWS's default subnets are /20.
type Subnet struct {
	ID               string // subnet-
	VPCID            string
	AvailabilityZone string // such as ap-northeast-1a
	CIDR             netip.Prefix
	DefaultForAZ     bool
}

// Interface is an elastic network interface (ENI): what has an address and wears groups.
type Interface struct {
	ID               string // eni-
	VPCID            string
	SubnetID         string
	AvailabilityZone string
	PrivateIP        netip.Addr // 172.31.a.b, kept for the interface's life
	PublicIP         netip.Addr // the zero Addr while there is none
	Groups           []string   // ids of one to five security groups
	Description      string     // "ELB NAME" for a load balancer's, empty for an instance's
	InstanceID       string     // the instance it is attached to, or empty
	LoadBalancer     string     // the load balancer whose node it is, or empty
}

// Direction says which way a rule lets connections through.
type Direction string

// The two directions of a rule.
const (
	Ingress Direction = "ingress"
	Egress  Direction = "egress"
)

// The protocols that a rule names by word; every other one is a number from 0 to 255.
const (
	TCP      = "tcp"
	UDP      = "udp"
	ICMP     = "icmp"
	ICMPv6   = "icmpv6"
	AllProto = "-1"
)

// SecurityGroup is a set of allow rules worn by interfaces. Groups are stateful and their
// rules add up; there is no deny.
type SecurityGroup struct {
	ID          string // sg-
	VPCID       string
	Name        string // unique in the VPC without regard to case
	Description string
	Rules       []Rule // inbound and outbound, in order of creation
	CreatedAt   time.Time
	Tags        map[string]string
}

// IsDefault reports whether it is the VPC's default group, which cannot be deleted.
func (g SecurityGroup) IsDefault() bool { return g.Name == "default" }

// In returns the group's rules of one direction.
func (g SecurityGroup) In(d Direction) []Rule {
	var rules []Rule
	for _, r := range g.Rules {
		if r.Direction == d {
			rules = append(rules, r)
		}
	}
	return rules
}

// Rule allows one kind of connection. Exactly one of Prefix and SourceGroup is set.
type Rule struct {
	ID          string // sgr-
	Direction   Direction
	Protocol    string // TCP, UDP, ICMP, ICMPv6, AllProto or a number
	FromPort    int    // first port, or the ICMP type; -1 for all
	ToPort      int    // last port, included, or the ICMP code; -1 for all
	Prefix      netip.Prefix
	SourceGroup string // a group's id: the current private addresses of whoever wears it
	Description string // at most 255 characters
}

// Same reports whether two rules allow the same thing, whatever their ids and descriptions.
func (r Rule) Same(o Rule) bool {
	r.ID, o.ID, r.Description, o.Description = "", "", "", ""
	return r == o
}
