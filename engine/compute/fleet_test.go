package compute

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/engine/pace"
)

// cloud is a fleet over a fabric, with one group that admits everything.
type cloud struct {
	*Fleet
	t      testing.TB
	fabric *network.Fabric
	dir    string
	enis   []network.Interface
	moves  atomic.Int64
}

const observer = "eni-observer"

// openGroup admits everything.
var openGroup = network.SecurityGroup{
	ID: "sg-00000000000000001", VPCID: "vpc-1", Name: "open",
	Rules: []network.Rule{
		{ID: "sgr-1", Direction: network.Ingress, Protocol: network.AllProto, FromPort: -1, ToPort: -1, Prefix: netip.MustParsePrefix("0.0.0.0/0")},
		{ID: "sgr-2", Direction: network.Egress, Protocol: network.AllProto, FromPort: -1, ToPort: -1, Prefix: netip.MustParsePrefix("0.0.0.0/0")},
	},
}

func newCloud(t testing.TB, inMemory bool, speed float64) *cloud {
	t.Helper()
	p := pace.New(speed)
	fabric, err := network.NewFabric(network.FabricConfig{LockDir: t.TempDir(), InMemory: inMemory, Hold: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{t: t, fabric: fabric, dir: t.TempDir()}
	c.Fleet = c.reopen(p)
	c.attach(network.Interface{ID: observer, PrivateIP: netip.MustParseAddr("172.31.255.1")})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Fleet.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		fabric.Close()
	})
	return c
}

// reopen makes another fleet over the same directory, as after a crash.
func (c *cloud) reopen(p *pace.Pace) *Fleet {
	c.t.Helper()
	f, err := NewFleet(FleetConfig{Dir: c.dir, Fabric: c.fabric, Pace: p, Changed: func(string) { c.moves.Add(1) }})
	if err != nil {
		c.t.Fatal(err)
	}
	return f
}

func (c *cloud) attach(eni network.Interface) {
	eni.VPCID, eni.Groups = "vpc-1", []string{openGroup.ID}
	c.enis = append(c.enis, eni)
	c.fabric.Apply(c.enis, []network.SecurityGroup{openGroup})
}

// instance makes the n-th instance's record and attaches its interface.
func (c *cloud) instance(n int) Instance {
	in := Instance{ID: fmt.Sprintf("i-%017d", n), Goal: Run, Boots: 1, Type: DefaultType}
	in.Interface = network.Interface{
		ID: fmt.Sprintf("eni-%017d", n), AvailabilityZone: "ap-northeast-1a", InstanceID: in.ID,
		PrivateIP: netip.AddrFrom4([4]byte{172, 31, byte(n / 250), byte(n%250 + 4)}),
	}
	c.attach(in.Interface)
	return in
}

var webImage = Source{Base: "elbow-linux-2023-web"}
var plainImage = Source{Base: "elbow-linux-2023"}

// launch starts an instance and waits until it runs.
func (c *cloud) launch(n int, src Source) Instance {
	c.t.Helper()
	in := c.instance(n)
	c.Start(in, src)
	c.await(in.ID, Running)
	return in
}

func (c *cloud) await(id string, want State) {
	c.t.Helper()
	c.eventually(fmt.Sprintf("%s is %s", id, want), func() bool {
		got, _ := c.State(id)
		return got == want
	})
}

func (c *cloud) eventually(what string, ok func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			c.t.Fatalf("never: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// client makes requests to an instance from another interface of the fabric.
func (c *cloud) client(in Instance) *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return c.fabric.Dial(ctx, observer, netip.AddrPortFrom(in.Interface.PrivateIP, 80))
	}
	return &http.Client{
		Timeout:       5 * time.Second,
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *cloud) get(in Instance, path string) (int, string) {
	c.t.Helper()
	res, err := c.client(in).Get("http://web.test" + path)
	if err != nil {
		c.t.Fatalf("GET %s: %v", path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (c *cloud) answers(in Instance) bool {
	res, err := c.client(in).Get("http://web.test/")
	if err != nil {
		return false
	}
	res.Body.Close()
	return true
}

// write puts a page into a running instance.
func (c *cloud) write(in Instance, name, text string) {
	c.t.Helper()
	if err := c.WriteFile(in.ID, name, strings.NewReader(text), ""); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cloud) host(in Instance, name string) string {
	return filepath.Join(c.dir, "instances", in.ID, filepath.FromSlash(name))
}

func bothFabrics(t *testing.T, test func(t *testing.T, inMemory bool)) {
	for name, inMemory := range map[string]bool{"over loopback sockets": false, "in memory": true} {
		t.Run(name, func(t *testing.T) { test(t, inMemory) })
	}
}

func TestAnInstanceRunsStopsStartsAndIsTerminated(t *testing.T) {
	bothFabrics(t, func(t *testing.T, inMemory bool) {
		c := newCloud(t, inMemory, 100)
		in := c.launch(1, webImage)
		if status, body := c.get(in, "/"); status != 200 || !strings.Contains(body, "It works!") {
			t.Fatalf("running: %d %q", status, body)
		}
		c.Stop(in, webImage)
		c.await(in.ID, Stopping)
		c.await(in.ID, Stopped)
		if c.answers(in) {
			t.Fatal("a stopped instance answers")
		}
		in.Boots++
		c.Start(in, Source{})
		c.await(in.ID, Pending)
		c.await(in.ID, Running)
		if !c.answers(in) {
			t.Fatal("a started instance does not answer")
		}
		c.Terminate(in.ID)
		c.await(in.ID, ShuttingDown)
		c.await(in.ID, Terminated)
		if c.answers(in) || exists(c.host(in, "")) {
			t.Fatal("something is left of a terminated instance")
		}
		c.Start(in, webImage)
		if s, _ := c.State(in.ID); s != Terminated {
			t.Fatalf("a terminated instance became %s", s)
		}
		c.Forget(in.ID)
		if _, known := c.State(in.ID); known {
			t.Fatal("a forgotten instance is known")
		}
	})
}

func TestStatesFollowOnlyLegalMoves(t *testing.T) {
	c := newCloud(t, true, 20)
	in := c.instance(1)
	var seen []State
	c.Fleet.changed = func(id string) {
		s, _ := c.State(id)
		if len(seen) == 0 || seen[len(seen)-1] != s {
			seen = append(seen, s) // one goroutine moves the machine, and only it calls
		}
	}
	c.Start(in, webImage)
	c.await(in.ID, Running)
	c.Stop(in, webImage)
	c.await(in.ID, Stopping)
	in.Boots++
	c.Start(in, Source{}) // waits for the stop to end
	c.await(in.ID, Running)
	c.Terminate(in.ID)
	c.await(in.ID, Terminated)
	c.Fleet.Close(t.Context())
	want := []State{Pending, Running, Stopping, Stopped, Pending, Running, ShuttingDown, Terminated}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Fatalf("states %v, want %v", seen, want)
	}
}

func TestARebootKeepsTheStateRunningAndStartsServicesAnew(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	before := c.service(in).Since
	in.Boots++
	c.Start(in, Source{})
	c.eventually("the service is down", func() bool { return !c.service(in).Active })
	if s, _ := c.State(in.ID); s != Running {
		t.Fatalf("while rebooting the state is %s", s)
	}
	if _, err := c.List(in.ID, "/"); faultCode(err) != "IncorrectInstanceState" {
		t.Fatalf("files while rebooting: %v", err)
	}
	c.eventually("the service is up again", func() bool { return c.service(in).Since.After(before) })
	moves := c.moves.Load()
	c.Start(in, Source{})
	time.Sleep(20 * time.Millisecond)
	if c.moves.Load() != moves {
		t.Fatal("asking for the same again moved the machine")
	}
}

func TestAfterACrashMachinesComeUpWithWhatTheyHad(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	c.write(in, "/var/www/html/index.html", "mine")
	c.Fleet.Close(t.Context()) // a process that dies leaves nothing else behind than this does
	c.Fleet = c.reopen(pace.New(100))
	c.Start(in, Source{})
	c.await(in.ID, Running)
	if _, body := c.get(in, "/"); body != "mine" {
		t.Fatalf("after the crash: %q", body)
	}
}

func TestStopAndTerminateWorkOnWhatThisProcessNeverStarted(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, plainImage)
	c.Fleet.Close(t.Context())
	c.Fleet = c.reopen(pace.New(100))
	if _, known := c.State(in.ID); known {
		t.Fatal("a new process knows a machine that nobody asked for")
	}
	c.Stop(in, webImage)
	if s, _ := c.State(in.ID); s != Stopped {
		t.Fatalf("state %s, want stopped at once", s)
	}
	c.Fleet.Close(t.Context())
	c.Fleet = c.reopen(pace.New(100))
	c.Terminate(in.ID)
	c.await(in.ID, Terminated)
	if exists(c.host(in, "")) {
		t.Fatal("the directory is still there")
	}
	c.Terminate("i-00000000000000abc")
	if s, _ := c.State("i-00000000000000abc"); s != Terminated {
		t.Fatalf("without a directory: %s, want terminated at once", s)
	}
}

func TestTheFirstBootGivesNameKeyAndUserData(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.instance(5)
	in.UserData = []byte("#!/bin/sh\necho secret\n")
	c.Start(in, Source{Base: "elbow-linux-2023", PublicKey: "ssh-ed25519 AAAA one"})
	c.await(in.ID, Running)
	for name, want := range map[string]string{
		"/etc/hostname":                         "ip-172-31-0-9.ap-northeast-1.compute.internal\n",
		"/home/ec2-user/.ssh/authorized_keys":   "ssh-ed25519 AAAA one\n",
		"/var/lib/cloud/instance/user-data.txt": "#!/bin/sh\necho secret\n",
	} {
		got, _, err := c.ReadFile(in.ID, name, 1<<20)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q %v, want %q", name, got, err, want)
		}
	}
	info, err := os.Stat(c.host(in, "var/lib/cloud/instance/user-data.txt"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("user data: %v %v, want mode 0600", info.Mode(), err)
	}
	if _, err := c.CaptureImage(t.Context(), in.ID, "snap-00000000000000001", false); err != nil {
		t.Fatal(err)
	}
	second := c.instance(6)
	c.Start(second, Source{SnapshotID: "snap-00000000000000001", PublicKey: "ssh-ed25519 BBBB two"})
	c.await(second.ID, Running)
	keys, _, _ := c.ReadFile(second.ID, "/home/ec2-user/.ssh/authorized_keys", 1<<20)
	if string(keys) != "ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n" {
		t.Errorf("keys of an instance from an image: %q", keys)
	}
	if _, err := c.Stat(second.ID, "/var/lib/cloud/instance/user-data.txt"); faultCode(err) != "InvalidPath.NotFound" {
		t.Errorf("another instance's user data came with the image: %v", err)
	}
}

func TestALaunchThatCannotSucceedSaysWhyAndSucceedsOnceItCan(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.instance(1)
	c.Start(in, Source{SnapshotID: "snap-00000000000000009"})
	c.eventually("a failure is shown", func() bool {
		return c.Status(in.ID).Failure == "The snapshot 'snap-00000000000000009' does not exist."
	})
	if s, _ := c.State(in.ID); s != Pending {
		t.Fatalf("state %s", s)
	}
	other := c.launch(2, webImage)
	if _, err := c.CaptureImage(t.Context(), other.ID, "snap-00000000000000009", false); err != nil {
		t.Fatal(err)
	}
	c.await(in.ID, Running)
	if failure := c.Status(in.ID).Failure; failure != "" {
		t.Fatalf("running with failure %q", failure)
	}
}

func TestStatusChecksInitializeThenPassThenNoticeALostInterface(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	if s := c.Status(in.ID); s.StatusCheck != CheckInitializing {
		t.Fatalf("just running: %+v", s)
	}
	c.eventually("the checks pass", func() bool { return c.Status(in.ID).StatusCheck == CheckOK })
	c.Fleet.mu.Lock()
	m := c.machines[in.ID]
	c.Fleet.mu.Unlock()
	c.fabric.Apply(c.enis[:1], []network.SecurityGroup{openGroup})
	m.note(m.examine())
	if s := c.Status(in.ID); s.StatusCheck != CheckImpaired || s.SystemOK || !s.InstanceOK {
		t.Fatalf("without its interface: %+v", s)
	}
	c.Stop(in, webImage)
	c.await(in.ID, Stopped)
	if s := c.Status(in.ID); s.StatusCheck != CheckNotApplicable {
		t.Fatalf("stopped: %+v", s)
	}
}

func TestARequestInFlightIsFinishedBeforeTheInstanceStops(t *testing.T) {
	bothFabrics(t, func(t *testing.T, inMemory bool) {
		c := newCloud(t, inMemory, 100)
		in := c.launch(1, webImage)
		big := strings.Repeat("0123456789abcdef", 2<<20/16*8) // more than sockets buffer
		c.write(in, "/var/www/html/big.bin", big)
		res, err := c.client(in).Get("http://web.test/big.bin")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body := bufio.NewReader(res.Body)
		if _, err := body.ReadByte(); err != nil {
			t.Fatal(err)
		}
		c.Stop(in, webImage)
		c.await(in.ID, Stopping)
		rest, err := io.ReadAll(body)
		if err != nil || len(rest)+1 != len(big) {
			t.Fatalf("%d of %d bytes, %v", len(rest)+1, len(big), err)
		}
		c.await(in.ID, Stopped)
	})
}

func TestSweepRemovesWhatACrashLeftAndNothingElse(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, plainImage)
	stopped := filepath.Join(c.dir, "instances", "i-0000000000000aaaa")
	for _, dir := range []string{
		stopped,
		filepath.Join(c.dir, "instances", "i-0000000000000dead"),
		filepath.Join(c.dir, "instances", ".tmp-run-123-456"),
		filepath.Join(c.dir, "snapshots", ".tmp-run-123-456"),
		filepath.Join(c.dir, "snapshots", "snap-0000000000000dead"),
		filepath.Join(c.dir, "snapshots", "snap-0000000000000live"),
	} {
		if err := os.MkdirAll(filepath.Join(dir, "closed"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "closed"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.CaptureImage(t.Context(), in.ID, "snap-00000000000000new", false); err != nil {
		t.Fatal(err)
	}
	c.Sweep([]string{filepath.Base(stopped)}, []string{"snap-0000000000000live"})
	var left []string
	for _, dir := range []string{"instances", "snapshots"} {
		entries, err := os.ReadDir(filepath.Join(c.dir, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			left = append(left, e.Name())
		}
	}
	want := "[i-00000000000000001 i-0000000000000aaaa snap-00000000000000new snap-0000000000000live]"
	if fmt.Sprint(left) != want {
		t.Fatalf("left %v, want %s", left, want)
	}
}

func TestNoGoroutineAndNoDescriptorIsLeftAfter200Launches(t *testing.T) {
	if _, err := os.ReadDir("/proc/self/fd"); err != nil {
		t.Skip("descriptors cannot be counted without /proc")
	}
	c := newCloud(t, true, 1000)
	warm := c.launch(500, webImage)
	c.Terminate(warm.ID)
	c.await(warm.ID, Terminated)
	runtime.GC()
	// From here on nothing closes what was forgotten: the collector would.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := descriptors(t)
	instances := make([]Instance, 200)
	for i := range instances {
		instances[i] = c.instance(i + 1)
		c.Start(instances[i], webImage)
	}
	for _, in := range instances {
		c.await(in.ID, Running)
	}
	if !c.answers(instances[199]) {
		t.Fatal("the last one does not answer")
	}
	for _, in := range instances {
		c.Terminate(in.ID)
	}
	for _, in := range instances {
		c.await(in.ID, Terminated)
		c.Forget(in.ID)
	}
	c.eventually("no descriptor is left", func() bool { return descriptors(t) <= before })
	entries, err := os.ReadDir(filepath.Join(c.dir, "instances"))
	if err != nil || len(entries) != 0 {
		t.Fatalf("%d directories left, %v", len(entries), err)
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestHoweverGoalsArriveTheLastOneHolds(t *testing.T) {
	c := newCloud(t, true, 1000)
	instances := make([]Instance, 4)
	for i := range instances {
		instances[i] = c.instance(i + 1)
	}
	var people sync.WaitGroup
	for person := range 3 {
		people.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(person), 1))
			for range 60 {
				c.disturb(instances[dice.IntN(len(instances))], dice)
			}
		})
	}
	people.Wait()
	for i, in := range instances {
		if i%2 == 0 {
			c.Stop(in, webImage)
			c.await(in.ID, Stopped)
			continue
		}
		in.Boots = 1000
		c.Start(in, webImage)
		c.eventually("it runs and answers", func() bool {
			s, _ := c.State(in.ID)
			return s == Running && c.service(in).Active && c.answers(in)
		})
	}
}

// disturb does one thing that people do, at a bad moment.
func (c *cloud) disturb(in Instance, dice *rand.Rand) {
	in.Boots = 1 + dice.IntN(100)
	switch dice.IntN(6) {
	case 0, 1:
		c.Start(in, webImage)
	case 2:
		c.Stop(in, webImage)
	case 3:
		_ = c.RestartService(context.Background(), in.ID, "httpd") // refused in most states
	case 4:
		_, _ = c.CaptureImage(context.Background(), in.ID, ident.New("snap"), dice.IntN(2) == 0)
	case 5:
		_ = c.WriteFile(in.ID, "/var/www/html/a", strings.NewReader("a"), "")
		time.Sleep(time.Duration(dice.IntN(5)) * time.Millisecond)
	}
}
