package network

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"elbow/engine/fault"
)

const webName, nodeName = "ec2-203-0-113-25.ap-northeast-1.compute.localhost", "web-1.ap-northeast-1.elb.localhost"

// openGateway opens one on free ports, with the walkthrough's names, and a console that says so.
func openGateway(t *testing.T, f *Fabric, addrs ...string) *Gateway {
	t.Helper()
	if addrs == nil {
		addrs = []string{"127.0.0.1:0"}
	}
	g, err := OpenGateway(GatewayConfig{Fabric: f, Addrs: addrs, ConsoleNames: []string{"localhost", "Elbow.test"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Errorf("closing the gateway: %v", err)
		}
	})
	greeter(t, g.Console(), "console")
	g.SetRoutes([]Route{
		{Name: webName, Resource: "i-1", Interfaces: []string{"eni-web"}},
		{Name: nodeName, Resource: "web-1", Interfaces: []string{"eni-node"}},
		{Name: "gone.localhost", Resource: "i-2", Gone: "stopped"},
		{Name: "early.localhost", Resource: "i-3", Interfaces: []string{"eni-none"}},
		{Name: "LOCALHOST", Resource: "an attack", Interfaces: []string{"eni-web"}},
	})
	return g
}

// ask sends a request head to a gateway and reads what comes back within the time.
func ask(t *testing.T, g *Gateway, head string, within time.Duration) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", g.Ports()[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(within))
	io.WriteString(c, head)
	b, err := io.ReadAll(c)
	return string(b), err
}

func get(host string) string { return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n" }

func TestTheGatewaySendsEachNameToItsOwner(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f, rule(t, Ingress, "tcp", "80", "0.0.0.0/0"))
		greeter(t, listen(t, f, "eni-web", 80), "web")
		g := openGateway(t, f)
		for _, test := range []struct{ name, head, want string }{
			{"the console's name", get("localhost:8080"), "console"},
			{"another name of the console", get("ELBOW.TEST"), "console"},
			{"an instance's name", get(webName), "web"},
			{"in any case and with any port", get(strings.ToUpper(webName) + ":1234"), "web"},
			{"an absolute target", "GET http://" + webName + "/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "web"},
			{"the host's address", get("127.0.0.1"), "console"},
			{"an unknown name", get("evil.test"), "console"},
			{"the name of what is gone", get("gone.localhost"), "console"},
			{"the name of an interface that is not there", get("early.localhost"), "console"},
			{"no Host", "GET / HTTP/1.0\r\n\r\n", "console"},
			{"no HTTP", "hello there\r\n", "console"},
		} {
			got, err := ask(t, g, test.head, 5*time.Second)
			// A server that closes before it has read the request resets: what it said counts.
			if err != nil && !errors.Is(err, syscall.ECONNRESET) || got != test.want+" sees 127.0.0.1" {
				t.Errorf("%s: %q, %v", test.name, got, err)
			}
		}
	})
}

func TestOutsideClientsAreAdmittedHeldOrRefused(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f)
		g := openGateway(t, f)
		if _, err := ask(t, g, get(webName), 5*time.Second); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("admitted, nothing listens: %v, want a reset", err)
		}
		l := listen(t, f, "eni-node", 80)
		if _, err := ask(t, g, get(nodeName), 80*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("not admitted: %v, want silence", err)
		}
		eventually(t, "the client's leaving is noticed", func() bool { return f.held.size() == 0 })
		if n := len(l.(*listener).conns); n != 0 {
			t.Errorf("%d connections reached the listener", n)
		}
		flows := f.Flows(FlowFilter{Peer: addr("127.0.0.1")})
		if len(flows) != 2 || flows[0].Interface != "eni-node" || flows[0].Allow || !flows[1].Allow || flows[1].Destination.Port() != 80 {
			t.Errorf("flow records: %+v", flows)
		}
	})
}

func TestAnInterfaceIsReachedOnTheHostPortWhereItListensThere(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	walkthrough(t, f, rule(t, Ingress, "tcp", "All", "0.0.0.0/0"))
	greeter(t, listen(t, f, "eni-web", 80), "eighty")
	g := openGateway(t, f)
	if got, _ := ask(t, g, get(webName), 5*time.Second); !strings.HasPrefix(got, "eighty") {
		t.Errorf("with port 80 alone: %q", got)
	}
	greeter(t, listen(t, f, "eni-web", uint16(g.Ports()[0])), "same port")
	if got, _ := ask(t, g, get(webName), 5*time.Second); !strings.HasPrefix(got, "same port") {
		t.Errorf("with the host's port too: %q", got)
	}
}

func TestTLSIsSentByItsServerName(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	walkthrough(t, f, rule(t, Ingress, "tcp", "443", "0.0.0.0/0"))
	l := listen(t, f, "eni-web", 443)
	g := openGateway(t, f)
	at := fmt.Sprint("127.0.0.1:", g.Ports()[0])
	dialled := make(chan error, 1)
	go func() {
		_, err := tls.Dial("tcp", at, &tls.Config{ServerName: webName})
		dialled <- err
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	first, err := bufio.NewReader(c).ReadByte()
	c.Close()
	if <-dialled == nil {
		t.Error("a handshake that nobody answered succeeded")
	}
	if err != nil || first != tlsHandshake {
		t.Errorf("the interface reads %d, %v", first, err)
	}
	for _, name := range []string{"localhost", "gone.localhost", "evil.test"} {
		_, err := tls.Dial("tcp", at, &tls.Config{ServerName: name})
		if err == nil || !strings.Contains(err.Error(), "unrecognized name") { // crypto/tls has no exported type for it
			t.Errorf("TLS for %s: %v, want unrecognized_name", name, err)
		}
	}
}

func TestTheInterfacesOfANameTakeTurns(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	all := rule(t, Ingress, "tcp", "All", "0.0.0.0/0")
	f.Apply([]Interface{iface("eni-a", "172.31.0.10", webGroup), iface("eni-b", "172.31.16.10", webGroup), iface("eni-c", "172.31.32.10", webGroup)},
		[]SecurityGroup{group(webGroup, all)})
	greeter(t, listen(t, f, "eni-a", 80), "a")
	greeter(t, listen(t, f, "eni-b", 80), "b")
	g := openGateway(t, f)
	g.SetRoutes([]Route{{Name: nodeName, Interfaces: []string{"eni-none", "eni-a", "eni-c", "eni-b"}}})
	seen := map[string]int{}
	for range 8 {
		got, _ := ask(t, g, get(nodeName), 5*time.Second)
		seen[got[:min(1, len(got))]]++
	}
	if seen["a"] == 0 || seen["b"] == 0 || seen["a"]+seen["b"] != 8 {
		t.Errorf("who answered: %v; c does not listen and must be passed over", seen)
	}
}

func TestRoutesAndNames(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	g := openGateway(t, f)
	if r, ok := g.Lookup("GONE.localhost.:80"); !ok || r.Gone != "stopped" || r.Resource != "i-2" {
		t.Errorf("gone: %+v, %v", r, ok)
	}
	if _, ok := g.Lookup("localhost"); ok {
		t.Error("a tenant took the console's name")
	}
	for name, want := range map[string]bool{"localhost": true, "LOCALHOST.:8080": true, "elbow.test": true, webName: false, "127.0.0.1": false, "": false} {
		if g.IsConsoleName(name) != want {
			t.Errorf("IsConsoleName(%q) is %v", name, !want)
		}
	}
	live := Route{Name: "a.localhost", Interfaces: []string{"eni-1"}}
	g.SetRoutes([]Route{live, {Name: "a.localhost", Gone: "deleted"}})
	if r, _ := g.Lookup("a.localhost"); r.Gone != "" {
		t.Errorf("a name that lives again: %+v", r)
	}
	if _, ok := g.Lookup("gone.localhost"); ok {
		t.Error("an old route is still there")
	}
}

func TestASecondGatewayOnAPortFailsInOneLine(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	for _, addr := range []string{"127.0.0.1:0", ":0"} {
		g := openGateway(t, f, addr)
		port := fmt.Sprint(g.Ports()[0])
		at := strings.TrimSuffix(addr, "0") + port
		_, err := OpenGateway(GatewayConfig{Fabric: f, Addrs: []string{"127.0.0.1:0", at}})
		if err == nil || !strings.Contains(err.Error(), "port is in use") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", at, err)
		}
	}
	for _, c := range []GatewayConfig{
		{Fabric: f}, {Fabric: f, Addrs: []string{"127.0.0.1:0"}, PortRange: "9-1"},
		{Fabric: f, Addrs: []string{"127.0.0.1:0"}, PortRange: "x"}, {Fabric: f, Addrs: []string{"nonsense"}},
	} {
		if g, err := OpenGateway(c); err == nil {
			g.Close()
			t.Errorf("%+v: accepted", c)
		}
	}
}

// TestAnInterfaceAndTheGatewayShareAPortNumber is what SO_REUSEPORT is for: the gateway on
// every address of the host, an interface on its own, both on one port.
func TestAnInterfaceAndTheGatewayShareAPortNumber(t *testing.T) {
	f := newFabric(t, FabricConfig{})
	if f.InMemory() {
		t.Skip("this host has no loopback addresses but 127.0.0.1")
	}
	walkthrough(t, f, rule(t, Ingress, "tcp", "All", "127.0.0.1/32"))
	g := openGateway(t, f, ":0")
	port := uint16(g.Ports()[0])
	greeter(t, listen(t, f, "eni-web", port), "web")
	if !f.Direct("eni-web", port) {
		t.Fatal("the interface's own address could not be bound beside the gateway's")
	}
	if got, err := io.ReadAll(direct(t, f, netip.AddrPortFrom(addr("172.31.0.10"), port))); err != nil || string(got) != "web sees 127.0.0.1" {
		t.Errorf("the interface's own address: %q, %v", got, err)
	}
	if got, _ := ask(t, g, get("localhost"), 5*time.Second); got != "console sees 127.0.0.1" {
		t.Errorf("the gateway: %q", got)
	}
	for _, network := range []string{"127.0.0.1", "[::1]"} {
		c, err := net.Dial("tcp", fmt.Sprint(network, ":", port))
		if err != nil {
			t.Logf("%s is not there: %v", network, err)
			continue
		}
		io.WriteString(c, get(webName))
		if got, _ := io.ReadAll(c); string(got) != "web sees 127.0.0.1" {
			t.Errorf("by %s: %q", network, got)
		}
		c.Close()
	}
}

func TestSilentClientsAreBounded(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	g := openGateway(t, f)
	g.looking.mu.Lock()
	g.looking.most = 3
	g.looking.mu.Unlock()
	at := fmt.Sprint("127.0.0.1:", g.Ports()[0])
	var silent []net.Conn
	for range 5 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
	}
	silent[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := silent[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the oldest of too many: %v", err)
	}
	if got, _ := ask(t, g, get("localhost"), 5*time.Second); !strings.HasPrefix(got, "console") {
		t.Errorf("one who speaks: %q", got)
	}
}

func TestConnectionsFromOutsideAreCapped(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	walkthrough(t, f, rule(t, Ingress, "tcp", "80", "0.0.0.0/0"))
	f.outsiders.most = 4 // of which one listener may have two
	l := listen(t, f, "eni-web", 80)
	g := openGateway(t, f)
	var accepted []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", g.Ports()[0]))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, get(webName))
		a, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		accepted = append(accepted, a)
	}
	if _, err := ask(t, g, get(webName), 5*time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("one too many: %v, want a reset", err)
	}
	accepted[0].Close()
	accepted[0].Close() // gives its place back once
	if f.outsiders.taken.Load() != 1 {
		t.Errorf("%d places are taken", f.outsiders.taken.Load())
	}
	accepted[1].Close()
}

func TestAPortWithoutNamesGoesToOneInterface(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	walkthrough(t, f)
	first := freePort(t)
	g, err := OpenGateway(GatewayConfig{Fabric: f, Addrs: []string{"127.0.0.1:0"}, PortRange: fmt.Sprintf("%d-%d", first, first)})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	greeter(t, listen(t, f, "eni-web", 3306), "database")
	for range 2 {
		port, err := g.OpenPort("eni-web", 3306)
		if err != nil || port != first {
			t.Fatalf("got %d, %v", port, err)
		}
	}
	if _, err := g.OpenPort("eni-node", 3306); fault.CodeOf(err) != "InsufficientFreePorts" {
		t.Errorf("the range is used up: %v", err)
	}
	if _, err := g.OpenPort("eni-none", 3306); fault.CodeOf(err) != "InvalidNetworkInterfaceID.NotFound" {
		t.Errorf("nowhere: %v", err)
	}
	c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", first))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "database sees 127.0.0.1" {
		t.Errorf("without a word from the client: %q, %v", got, err)
	}
	for range 2 {
		if err := g.ClosePort("eni-web", 3306); err != nil {
			t.Error(err)
		}
	}
	if _, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", first)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after ClosePort: %v", err)
	}
	if _, err := g.OpenPort("eni-web", 3306); err != nil {
		t.Error(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := g.OpenPort("eni-web", 3306); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// freePort is a port that was free a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestAClosedGatewayLetsGoOfEverything(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	before := descriptors()
	g, err := OpenGateway(GatewayConfig{Fabric: f, Addrs: []string{"127.0.0.1:0"}, ConsoleNames: []string{"localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	var clients []net.Conn
	for _, head := range []string{"", "GET / HT", get("localhost"), get("localhost")} {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", g.Ports()[0]))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, head)
		clients = append(clients, c)
	}
	eventually(t, "two are looked at, two wait for the console", func() bool { return g.looking.size() == 2 && len(g.console.conns) == 2 })
	for range 2 {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, c := range clients {
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a client after Close: %v", err)
		}
		c.Close()
	}
	if _, err := g.Console().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the console after Close: %v", err)
	}
	eventually(t, "as few descriptors as before", func() bool { return descriptors() <= before })
}

func TestAnAddressOfTheFabricIsNoInterfacesAtTheGateway(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f, admitted(t))
		greeter(t, listen(t, f, "eni-web", 80), "web")
		g := openGateway(t, f)
		claimed := f.Loopback(addr("172.31.16.20")) // the node's, which its group admits
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: claimed.AsSlice()}, Timeout: 5 * time.Second}
		c, err := d.Dial("tcp", fmt.Sprint("127.0.0.1:", g.Ports()[0]))
		if err != nil {
			t.Skipf("this host has no loopback addresses but 127.0.0.1: %v", err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(200 * time.Millisecond))
		io.WriteString(c, get(webName))
		if b, err := io.ReadAll(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a client that took the node's address got %q, %v; want silence", b, err)
		}
		flows := f.Flows(FlowFilter{Interface: "eni-web", Limit: 1})
		if len(flows) != 1 || flows[0].Source.Addr() != claimed || flows[0].Allow {
			t.Errorf("the flow record says %+v, want a refusal of %s", flows, claimed)
		}
	})
}

func TestAPortWithoutNamesCanBeSpliced(t *testing.T) {
	f := newFabric(t, FabricConfig{InMemory: true})
	walkthrough(t, f)
	first := freePort(t)
	g, err := OpenGateway(GatewayConfig{Fabric: f, Addrs: []string{"127.0.0.1:0"}, PortRange: fmt.Sprintf("%d-%d", first, first)})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	l := listen(t, f, "eni-web", 3306)
	if _, err := g.OpenPort("eni-web", 3306); err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{}
	d.SetMultipathTCP(true)
	c, err := d.DialContext(t.Context(), "tcp", fmt.Sprint("127.0.0.1:", first))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if multipath, err := a.(*tcpConn).MultipathTCP(); multipath || err != nil {
		t.Errorf("a connection of multipath TCP (%v) came in, which the kernel cannot splice", err)
	}
}
