package network

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// modes runs a test with interfaces that meet by loopback and with ones that meet in memory.
func modes(t *testing.T, test func(t *testing.T, f *Fabric)) {
	t.Run("by loopback", func(t *testing.T) {
		f := newFabric(t, FabricConfig{})
		if f.InMemory() {
			t.Skip("this host has no loopback addresses but 127.0.0.1")
		}
		test(t, f)
	})
	t.Run("in memory", func(t *testing.T) { test(t, newFabric(t, FabricConfig{InMemory: true})) })
}

func newFabric(t *testing.T, c FabricConfig) *Fabric {
	t.Helper()
	f, err := NewFabric(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("closing the fabric: %v", err)
		}
	})
	return f
}

func addr(text string) netip.Addr     { return netip.MustParseAddr(text) }
func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

// rule makes a rule as the console does; the text must be right.
func rule(t testing.TB, d Direction, protocol, ports, peer string) Rule {
	t.Helper()
	r, err := ParseRule(d, protocol, ports, peer, "")
	if err != nil {
		t.Fatal(err)
	}
	r.ID = "sgr-" + peer + "-" + ports
	return r
}

func group(id string, rules ...Rule) SecurityGroup {
	return SecurityGroup{ID: id, VPCID: "vpc-1", Name: id, Rules: rules}
}

func iface(id, ip string, groups ...string) Interface {
	return Interface{ID: id, VPCID: "vpc-1", PrivateIP: addr(ip), Groups: groups}
}

// The groups of the walkthrough, with ids of AWS's shape.
const (
	webGroup      = "sg-00000000000000aaa" // launch-wizard-1
	balancerGroup = "sg-00000000000000bbb"
)

// walkthrough applies the walkthrough's network: web admits 127.0.0.1 alone and whatever
// rules are added, the balancer's node may go anywhere.
func walkthrough(t *testing.T, f *Fabric, added ...Rule) {
	t.Helper()
	out := rule(t, Egress, "-1", "", "0.0.0.0/0")
	f.Apply(
		[]Interface{iface("eni-web", "172.31.0.10", webGroup), iface("eni-node", "172.31.16.20", balancerGroup)},
		[]SecurityGroup{
			group(webGroup, append(added, out, rule(t, Ingress, "tcp", "1024-65535", "127.0.0.1/32"), rule(t, Ingress, "tcp", "80", "127.0.0.1/32"))...),
			group(balancerGroup, out),
		})
}

// admitted is the rule that mends the walkthrough's trap.
func admitted(t *testing.T) Rule {
	return rule(t, Ingress, "tcp", "All", balancerGroup)
}

func listen(t *testing.T, f *Fabric, id string, port uint16) net.Listener {
	t.Helper()
	l, err := f.Listen(id, port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// greeter answers every connection of a listener with its name, until the listener is closed.
func greeter(t *testing.T, l net.Listener, name string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, name+" sees "+hostOf(c.RemoteAddr()))
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
}

func hostOf(a net.Addr) string {
	host, _, _ := net.SplitHostPort(a.String())
	return host
}

// soon is a context for something that should succeed at once.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// briefly is a context for a wait that is expected to be in vain.
func briefly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for something that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
