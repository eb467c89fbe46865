package elb

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"elbow/engine/network"
	"elbow/engine/pace"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	zoneA = "ap-northeast-1a"
	zoneC = "ap-northeast-1c"
	dns   = "my-clb-1234567890.ap-northeast-1.elb.localhost"
	quick = 100 // the tests' pace: an interval of 5 s lasts 50 ms, a timeout never less than 250 ms
)

// world is a small cloud: a fabric with a client, load balancer nodes and instances, and
// an edge.
type world struct {
	t      *testing.T
	fabric *network.Fabric
	edge   *Edge
	pace   *pace.Pace

	interfaces []network.Interface
	groups     []network.SecurityGroup
	wanted     Wanted

	mu      sync.Mutex
	changes int           // guarded by mu; how often Changed was called
	moved   chan struct{} // guarded by mu; closed at each change
}

// bothWays runs a test on loopback sockets and in memory.
func bothWays(t *testing.T, test func(t *testing.T, w *world)) {
	for name, inMemory := range map[string]bool{"loopback": false, "memory": true} {
		t.Run(name, func(t *testing.T) { test(t, newWorld(t, inMemory)) })
	}
}

// newWorld has a client at 172.31.0.9 and a load balancer with one node in zone A, no
// targets, and a health check of HTTP:80/ each 5 s, 2 down, 2 up.
func newWorld(t *testing.T, inMemory bool) *world {
	t.Helper()
	p := pace.New(quick)
	f, err := network.NewFabric(network.FabricConfig{InMemory: inMemory, Hold: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if !inMemory && f.InMemory() {
		f.Close()
		t.Skip("loopback addresses cannot be bound here")
	}
	w := &world{t: t, fabric: f, pace: p, moved: make(chan struct{})}
	w.edge = NewEdge(EdgeConfig{
		Fabric: f, Pace: p, Changed: w.change, CookiePrefix: "elbow_",
		RefuseHost: func(host string) bool { return host == "localhost" },
	})
	t.Cleanup(func() { f.Close() })
	t.Cleanup(w.close)
	w.groups = []network.SecurityGroup{
		group("sg-client", outbound()), group("sg-elb", outbound(), inbound(80, "0.0.0.0/0"), inbound(8080, "0.0.0.0/0")),
		group("sg-web", outbound(), inbound(80, "172.31.0.0/16"), inbound(81, "172.31.0.0/16")),
	}
	w.add("eni-client", "172.31.0.9", zoneA, "sg-client")
	w.wanted = Wanted{LoadBalancer: LoadBalancer{
		Name: "my-clb", DNSName: dns, Scheme: InternetFacing,
		Nodes:     []network.Interface{w.add("eni-a", "172.31.1.1", zoneA, "sg-elb")},
		Listeners: []Listener{{HTTP, 80, HTTP, 80}},
		HealthCheck: HealthCheck{
			Protocol: HTTP, Port: 80, Path: "/", Timeout: 2 * time.Second, Interval: 5 * time.Second,
			UnhealthyThreshold: 2, HealthyThreshold: 2,
		},
		Attributes: Attributes{CrossZone: true, ConnectionDraining: true, DrainingTimeout: 300 * time.Second, IdleTimeout: 60 * time.Second},
	}}
	return w
}

func (w *world) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.edge.Close(ctx); err != nil {
		w.t.Errorf("closing the edge: %v", err)
	}
}

func group(id string, rules ...network.Rule) network.SecurityGroup {
	return network.SecurityGroup{ID: id, VPCID: "vpc-1", Name: id, Rules: rules}
}

func outbound() network.Rule {
	return network.Rule{
		ID: "sgr-out", Direction: network.Egress, Protocol: network.AllProto, FromPort: -1, ToPort: -1,
		Prefix: netip.MustParsePrefix("0.0.0.0/0"),
	}
}

func inbound(port int, cidr string) network.Rule {
	return network.Rule{
		ID: fmt.Sprint("sgr-", port, cidr), Direction: network.Ingress, Protocol: network.TCP,
		FromPort: port, ToPort: port, Prefix: netip.MustParsePrefix(cidr),
	}
}

// add puts an interface on the fabric.
func (w *world) add(id, addr, zone, group string) network.Interface {
	in := network.Interface{
		ID: id, VPCID: "vpc-1", AvailabilityZone: zone, PrivateIP: netip.MustParseAddr(addr), Groups: []string{group},
	}
	w.interfaces = append(w.interfaces, in)
	w.fabric.Apply(w.interfaces, w.groups)
	return in
}

// instance is a web server on an interface; stop may be called more than once.
type instance struct {
	id   string
	stop func()
}

// serve puts a web server on an interface that exists.
func (w *world) serve(id string, port uint16, h http.HandlerFunc) instance {
	w.t.Helper()
	l, err := w.fabric.Listen("eni-"+id, port)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	stop := func() { s.Close(); <-done }
	w.t.Cleanup(stop)
	return instance{id: id, stop: stop}
}

// launch adds an instance whose every page is its own id.
func (w *world) launch(id, addr, zone string) instance {
	w.add("eni-"+id, addr, zone, "sg-web")
	return w.serve(id, 80, func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, id) })
}

// register wants the instance as a running target, from a minute ago on.
func (w *world) register(id, addr, zone string) {
	w.registerAs("reg-"+id, id, addr, zone, time.Now().Add(-time.Minute))
}

func (w *world) registerAs(reg, id, addr, zone string, at time.Time) {
	w.wanted.Registrations = append(slices.Clone(w.wanted.Registrations), Registration{ID: reg, InstanceID: id, RegisteredAt: at})
	w.wanted.Targets = append(slices.Clone(w.wanted.Targets), Target{
		Registration: reg, ID: id, Addr: netip.MustParseAddr(addr), Zone: zone, Availability: running,
	})
}

func (w *world) deregister(id string) {
	w.wanted.Targets = slices.DeleteFunc(slices.Clone(w.wanted.Targets), func(t Target) bool { return t.ID == id })
	w.wanted.Registrations = slices.DeleteFunc(slices.Clone(w.wanted.Registrations), func(r Registration) bool { return r.InstanceID == id })
}

// becomes changes what an instance is doing.
func (w *world) becomes(id, availability string) {
	w.wanted.Targets = slices.Clone(w.wanted.Targets)
	for i := range w.wanted.Targets {
		if w.wanted.Targets[i].ID == id {
			w.wanted.Targets[i].Availability = availability
		}
	}
}

func (w *world) apply() { w.edge.Apply([]Wanted{w.wanted}) }

func (w *world) change(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes++
	close(w.moved)
	w.moved = make(chan struct{})
}

func (w *world) changed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes
}

// until waits for announcements until ok holds: what is not announced is not seen.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	limit := time.After(15 * time.Second)
	for {
		w.mu.Lock()
		moved := w.moved
		w.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-moved:
		case <-limit:
			w.t.Fatalf("%s never came: %+v", what, w.edge.Health(dns))
		}
	}
}

// is what Health says of an instance.
func (w *world) is(id string) Health {
	for _, h := range w.edge.Health(dns) {
		if h.InstanceID == id {
			return h
		}
	}
	return Health{}
}

func (w *world) untilIs(id string, state HealthState, description string) Health {
	w.t.Helper()
	w.until(id+" "+description, func() bool {
		h := w.is(id)
		return h.State == state && h.Description == description
	})
	return w.is(id)
}

func (w *world) untilInService(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		w.untilIs(id, InService, "N/A")
	}
}

// dial connects a client in the VPC to a node.
func (w *world) dial(node string, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return w.fabric.Dial(ctx, "eni-client", netip.AddrPortFrom(netip.MustParseAddr(node), port))
}

// client is an HTTP client that meets the load balancer at one node.
func (w *world) client(node string, port uint16) *http.Client {
	tr := &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext:         func(context.Context, string, string) (net.Conn, error) { return w.dial(node, port) },
	}
	w.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

// get asks the node in zone A once, and returns status and body.
func (w *world) get() (int, string) {
	w.t.Helper()
	return w.getAt("172.31.1.1", 80)
}

func (w *world) getAt(node string, port uint16) (int, string) {
	w.t.Helper()
	c := w.client(node, port)
	defer c.CloseIdleConnections()
	resp, err := c.Get("http://" + dns + "/")
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// say sends raw bytes to the node in zone A and returns the first line of the answer.
func (w *world) say(request string) string {
	w.t.Helper()
	conn, err := w.dial("172.31.1.1", 80)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, request)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimRight(line, "\r\n")
}
