package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
)

// noteFile is the file in an instance that the script writes.
const noteFile = "var/www/html/note.txt"

// describe says of everything in the world that has a name, but for what every account
// begins with, all that operations decide: by kind and name, one text. Instances with the
// same name share one.
func describe(w engine.World, dir string) map[string]string {
	is := map[string]string{}
	for _, s := range w.Scopes {
		d := describer{is: is, groups: map[string]string{}, names: map[string]string{}}
		d.describeGroups(s.Groups)
		d.describeInstances(s.Instances, filepath.Join(dir, "machines", "instances"))
		for _, b := range s.LoadBalancers {
			is["balancer "+b.Name] = d.balancer(b)
		}
		for _, image := range s.Images {
			if image.Base == "" {
				is["image "+image.Name] = "of " + d.names[image.SourceInstanceID]
			}
		}
		for _, snap := range s.Snapshots {
			is["snapshot "+snap.Tags["Name"]] = "there"
		}
		for _, k := range s.KeyPairs {
			is["key "+k.Name] = k.Type
		}
	}
	return is
}

type describer struct {
	is     map[string]string
	groups map[string]string // names by id
	names  map[string]string // of instances, by id; those that are terminated by an empty one
}

func (d describer) describeGroups(groups []network.SecurityGroup) {
	for _, g := range groups {
		d.groups[g.ID] = g.Name
		if g.IsDefault() {
			continue
		}
		var ports []string
		for _, r := range g.In(network.Ingress) {
			ports = append(ports, r.PortText())
		}
		d.is["group "+g.Name] = groupText(strings.Join(ports, ","), g.Tags["turn"])
	}
}

func (d describer) describeInstances(all []compute.Instance, below string) {
	named := map[string][]compute.Instance{}
	for _, in := range all {
		named[in.Name()] = append(named[in.Name()], in)
		d.names[in.ID] = in.Name()
	}
	for name, same := range named {
		kinds := map[string]int{}
		for _, in := range same {
			kinds[d.instance(in)]++
		}
		var parts []string
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			parts = append(parts, fmt.Sprintf("%d %s", kinds[kind], kind))
		}
		d.is["instances "+name] = strings.Join(parts, "; ")
		for _, in := range same {
			text, err := os.ReadFile(filepath.Join(below, in.ID, noteFile))
			if err == nil && in.Goal != compute.Terminate {
				d.is["note "+name] = string(text)
			}
		}
	}
}

func (d describer) instance(in compute.Instance) string {
	if in.Goal == compute.Terminate {
		return "terminated"
	}
	return oneInstance(in.Goal, in.Boots, d.worn(in.Interface.Groups), in.Interface.PublicIP.IsValid(), in.Tags["turn"])
}

func (d describer) worn(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = d.groups[id]
	}
	return strings.Join(names, ",")
}

// balancer leaves out targets that are terminated: they leave by themselves.
func (d describer) balancer(b elb.LoadBalancer) string {
	var targets []string
	for _, reg := range b.Registrations {
		name := d.names[reg.InstanceID]
		if d.is["instances "+name] == "1 terminated" {
			continue
		}
		targets = append(targets, name)
	}
	slices.Sort(targets)
	return balancerText(b.HealthCheck.Interval/time.Second, targets...)
}

// The texts of describe, as the script wants them.

func groupText(ports, turn string) string { return strings.TrimSpace("ports " + ports + " " + turn) }

func instanceText(count int, goal compute.Goal, boots int, groups, turn string) string {
	return fmt.Sprintf("%d %s", count, oneInstance(goal, boots, groups, goal == compute.Run, turn))
}

func oneInstance(goal compute.Goal, boots int, groups string, public bool, turn string) string {
	return strings.TrimSpace(fmt.Sprintf("%s, boot %d, in %s, public %t %s", goal, boots, groups, public, turn))
}

func balancerText(interval time.Duration, targets ...string) string {
	return fmt.Sprintf("probes every %d over %s", interval, strings.Join(targets, " "))
}

func TestADescriptionTellsHalfOfAnOperationFromTheWhole(t *testing.T) {
	whole := map[string]string{"instances a": instanceText(2, compute.Run, 1, "g", ""), "group g": groupText("80", "")}
	half := map[string]string{"instances a": instanceText(1, compute.Run, 1, "g", ""), "group g": groupText("80", "")}
	if lines := differences(half, whole); len(lines) != 1 {
		t.Errorf("half a launch differs in %q", lines)
	}
	if lines := differences(map[string]string{"group g": groupText("80", ""), "group h": ""}, whole); len(lines) != 1 {
		t.Errorf("a group without its instances differs in %q", lines)
	}
}
