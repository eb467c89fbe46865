package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
)

func (s *script) makeGroup(ctx context.Context, name string) error {
	return s.do(ctx, "security group", map[string]string{"group " + name: groupText("80", "")}, func() error {
		_, err := s.engine.CreateSecurityGroup(ctx, engine.CreateSecurityGroupInput{Name: name, Description: "scripted", Rules: []network.Rule{open(80)}})
		return err
	})
}

func (s *script) launch(ctx context.Context, name string, count int, image, group string) error {
	wants := map[string]string{"instances " + name: instanceText(count, compute.Run, 1, group, "")}
	return s.do(ctx, "launch", wants, func() error {
		_, err := s.engine.RunInstances(ctx, engine.RunInstancesInput{
			ImageID: image, GroupIDs: []string{s.group(ctx, group)}, AssociatePublicIP: true, Count: count, Tags: map[string]string{"Name": name},
		})
		return err
	})
}

// balance makes a load balancer over both of the instances with a name, once they run.
func (s *script) balance(ctx context.Context, name, group, targets string) error {
	if err := s.reach(ctx, targets, compute.Running); err != nil {
		return err
	}
	return s.do(ctx, "load balancer", map[string]string{"balancer " + name: balancerText(5, targets, targets)}, func() error {
		_, err := s.engine.CreateLoadBalancer(ctx, engine.CreateLoadBalancerInput{
			Name: name, GroupIDs: []string{s.group(ctx, group)}, HealthCheck: probe(5), InstanceIDs: s.instances(ctx, targets),
			Listeners: []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
		})
		return err
	})
}

const webImage = "elbow-linux-2023.11-web-x86_64"

func open(port int) network.Rule {
	return network.Rule{
		Direction: network.Ingress, Protocol: network.TCP, FromPort: port, ToPort: port, Prefix: netip.MustParsePrefix("0.0.0.0/0"),
	}
}

func probe(seconds time.Duration) elb.HealthCheck {
	return elb.HealthCheck{
		Protocol: elb.HTTP, Port: 80, Path: "/", Interval: seconds * time.Second, Timeout: 2 * time.Second,
		HealthyThreshold: 2, UnhealthyThreshold: 2,
	}
}

func moved(_ []engine.StateChange, err error) error { return err }

// reach waits until all instances with the name are in the state.
func (s *script) reach(ctx context.Context, name string, state compute.State) error {
	return s.until(name+" "+string(state), func() (bool, error) {
		all, err := s.engine.DescribeInstances(ctx, s.instances(ctx, name)...)
		return !slices.ContainsFunc(all, func(in engine.InstanceDescription) bool { return in.State != state }), err
	})
}

func (s *script) until(what string, is func() (bool, error)) error {
	for range 15_000 {
		if yes, err := is(); yes || err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("never: %s", what)
}

// instances are the ids of the instances with the name, in the order of their launch.
func (s *script) instances(ctx context.Context, name string) []string {
	all, err := s.engine.DescribeInstances(ctx)
	must(err)
	slices.SortFunc(all, func(a, b engine.InstanceDescription) int { return a.LaunchIndex - b.LaunchIndex })
	var ids []string
	for _, in := range all {
		if in.Name() == name {
			ids = append(ids, in.ID)
		}
	}
	return ids
}

func (s *script) group(ctx context.Context, name string) string {
	all, err := s.engine.DescribeSecurityGroups(ctx)
	must(err)
	for _, g := range all {
		if g.Name == name {
			return g.ID
		}
	}
	return ""
}

func (s *script) image(ctx context.Context, name string) string {
	all, err := s.engine.DescribeImages(ctx)
	must(err)
	for _, image := range all {
		if image.Name == name {
			return image.ID
		}
	}
	return ""
}

// must ends the script's process where reading fails, which nothing provokes.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "script:", err)
		os.Exit(3)
	}
}
