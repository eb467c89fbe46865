package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
)

// soundWorld is a world with one of everything that CheckWorld looks at, and nothing
// wrong with it.
func soundWorld() ScopedWorld {
	iface := func(last byte, public bool) network.Interface {
		n := network.Interface{PrivateIP: netip.AddrFrom4([4]byte{172, 31, 0, last}), Groups: []string{"sg-1"}}
		if public {
			n.PublicIP = netip.AddrFrom4([4]byte{203, 0, 113, last})
		}
		return n
	}
	return ScopedWorld{
		Groups: []network.SecurityGroup{{ID: "sg-1", Rules: []network.Rule{{
			ID: "sgr-1", Direction: network.Ingress, Protocol: network.AllProto, FromPort: -1, ToPort: -1, SourceGroup: "sg-0123456789abcdef0",
		}}}, {ID: "sg-0123456789abcdef0"}},
		Instances: []compute.Instance{
			{ID: "i-run", Goal: compute.Run, Interface: iface(10, true)},
			{ID: "i-stop", Goal: compute.Stop, Interface: iface(11, false)},
			{ID: "i-ending", Goal: compute.Terminate, Interface: iface(12, false), TerminatedAt: time.Now()},
			{ID: "i-gone", Goal: compute.Terminate, TerminatedAt: time.Now()},
		},
		Images: []compute.Image{
			{ID: "ami-base", Base: "base", State: compute.ImageAvailable},
			{ID: "ami-new", SnapshotID: "snap-new", State: compute.ImagePending},
			{ID: "ami-old", SnapshotID: "snap-old", State: compute.ImageAvailable},
			{ID: "ami-bad", SnapshotID: "snap-bad", State: compute.ImageFailed},
		},
		Snapshots: []compute.Snapshot{
			{ID: "snap-new", State: compute.SnapshotPending}, {ID: "snap-old", State: compute.SnapshotCompleted},
			{ID: "snap-bad", State: compute.SnapshotError}, {ID: "snap-alone", State: compute.SnapshotCompleted},
		},
		LoadBalancers: []elb.LoadBalancer{{
			Name: "lb", Groups: []string{"sg-1"}, Nodes: []network.Interface{iface(20, false), iface(21, false)},
			Listeners:     []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
			Registrations: []elb.Registration{{InstanceID: "i-run"}, {InstanceID: "i-stop"}, {InstanceID: "i-ending"}},
		}},
	}
}

func TestEachBrokenInvariantIsOneLine(t *testing.T) {
	if problems := CheckWorld(World{Scopes: []ScopedWorld{soundWorld()}}); len(problems) > 0 {
		t.Fatalf("the sound world: %q", problems)
	}
	for line, spoil := range map[string]func(w *ScopedWorld){
		"instance i-gone is to terminate and has no time of termination": func(w *ScopedWorld) { w.Instances[3].TerminatedAt = time.Time{} },
		"instance i-stop is to stop and holds the public address 203.0.113.99": func(w *ScopedWorld) {
			w.Instances[1].Interface.PublicIP = netip.MustParseAddr("203.0.113.99")
		},
		"instance i-ending is to terminate and holds the public address 203.0.113.99": func(w *ScopedWorld) {
			w.Instances[2].Interface.PublicIP = netip.MustParseAddr("203.0.113.99")
		},
		`instance i-run has the unknown goal "fly"`: func(w *ScopedWorld) {
			w.Instances[0].Goal, w.Instances[0].Interface.PublicIP = "fly", netip.Addr{}
		},
		"instance i-stop has no private address; load balancer lb registers i-stop, which is terminated": func(w *ScopedWorld) {
			w.Instances[1].Interface.PrivateIP = netip.Addr{}
		},
		"instance i-stop and instance i-run both hold 172.31.0.10":        func(w *ScopedWorld) { w.Instances[1].Interface.PrivateIP = w.Instances[0].Interface.PrivateIP },
		"load balancer lb and load balancer lb both hold 172.31.0.20":     func(w *ScopedWorld) { w.LoadBalancers[0].Nodes[1].PrivateIP = w.LoadBalancers[0].Nodes[0].PrivateIP },
		"instance i-run wears no security group":                          func(w *ScopedWorld) { w.Instances[0].Interface.Groups = nil },
		"instance i-run wears sg-2, which does not exist":                 func(w *ScopedWorld) { w.Instances[0].Interface.Groups = []string{"sg-2"} },
		"load balancer lb has no node":                                    func(w *ScopedWorld) { w.LoadBalancers[0].Nodes = nil },
		"load balancer lb has no listener":                                func(w *ScopedWorld) { w.LoadBalancers[0].Listeners = nil },
		"load balancer lb registers i-none, which does not exist":         func(w *ScopedWorld) { w.LoadBalancers[0].Registrations[0].InstanceID = "i-none" },
		"load balancer lb registers i-gone, which is terminated":          func(w *ScopedWorld) { w.LoadBalancers[0].Registrations[0].InstanceID = "i-gone" },
		"load balancer lb registers i-run twice":                          func(w *ScopedWorld) { w.LoadBalancers[0].Registrations[1].InstanceID = "i-run" },
		"image ami-old has no snapshot":                                   func(w *ScopedWorld) { w.Images[2].SnapshotID = "snap-none" },
		"image ami-old is available and its snapshot snap-old is pending": func(w *ScopedWorld) { w.Snapshots[1].State = compute.SnapshotPending },
		"image ami-new is pending and its snapshot snap-new is completed": func(w *ScopedWorld) { w.Snapshots[0].State = compute.SnapshotCompleted },
		"snapshot snap-alone is pending and belongs to no image":          func(w *ScopedWorld) { w.Snapshots[3].State = compute.SnapshotPending },
		"rule sgr-1 of sg-1 names sg-00000000000000000, which does not exist": func(w *ScopedWorld) {
			w.Groups[0].Rules[0].SourceGroup = "sg-00000000000000000"
		},
		"rule sgr-1 of sg-1: InvalidParameterValue: Invalid value 'up' for direction. A rule is either ingress or egress.": func(w *ScopedWorld) {
			w.Groups[0].Rules[0].Direction = "up"
		},
		"load balancer lb wears [sg-1] and its node eni-1 wears [sg-0123456789abcdef0]": func(w *ScopedWorld) {
			w.LoadBalancers[0].Nodes[1].ID, w.LoadBalancers[0].Nodes[1].Groups = "eni-1", []string{"sg-0123456789abcdef0"}
		},
	} {
		t.Run(line, func(t *testing.T) {
			w := soundWorld()
			spoil(&w)
			if got := CheckWorld(World{Scopes: []ScopedWorld{w}}); !slices.Equal(got, strings.Split(line, "; ")) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestAddressesAreUniqueOverAllAccounts(t *testing.T) {
	other := ScopedWorld{Groups: []network.SecurityGroup{{ID: "sg-1"}}, Instances: []compute.Instance{{
		ID: "i-other", Goal: compute.Run, Interface: network.Interface{PrivateIP: netip.MustParseAddr("172.31.0.11"), Groups: []string{"sg-1"}},
	}}}
	got := CheckWorld(World{Scopes: []ScopedWorld{soundWorld(), other}})
	if want := []string{"instance i-other and instance i-stop both hold 172.31.0.11"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
