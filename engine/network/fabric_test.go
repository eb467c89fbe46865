package network

import (
	"context"
	"errors"
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

const webPort = 18080

func webAt() netip.AddrPort { return netip.AddrPortFrom(addr("172.31.0.10"), webPort) }

func TestADialEndsAsTheNetworkSays(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f, admitted(t))
		greeter(t, listen(t, f, "eni-web", webPort), "web")
		for _, test := range []struct {
			name, from string
			to         string
			stage      Stage
			why        Why
			seen       error
		}{
			{"admitted, nothing listens", "eni-node", "172.31.0.10:81", Refused, Admitted, syscall.ECONNREFUSED},
			{"the peer's groups have no rule", "eni-web", "172.31.16.20:80", IngressDenied, NoMatchingRule, context.DeadlineExceeded},
			{"nobody at that address", "eni-node", "172.31.0.11:80", NoHost, NoRoute, context.DeadlineExceeded},
			{"the host's loopback is no interface", "eni-node", "127.0.0.1:80", NoHost, NoRoute, context.DeadlineExceeded},
			{"itself, nothing listens", "eni-node", "172.31.16.20:9", Refused, Itself, syscall.ECONNREFUSED},
		} {
			_, err := f.Dial(briefly(t), test.from, netip.MustParseAddrPort(test.to))
			d, ok := errors.AsType[*DialError](err)
			if !ok || d.Stage != test.stage || d.Verdict.Why != test.why || !errors.Is(err, test.seen) {
				t.Errorf("%s: got %v, %+v", test.name, err, d)
			}
			if timeout := test.seen == context.DeadlineExceeded; ok && d.Timeout() != timeout {
				t.Errorf("%s: Timeout() is %v", test.name, !timeout)
			}
		}
		for _, from := range []string{"eni-node", "eni-web"} {
			c, err := f.Dial(soon(t), from, webAt())
			if err != nil {
				t.Fatalf("from %s: %v", from, err)
			}
			answer, err := io.ReadAll(c)
			i, _ := f.Interface(from)
			if want := "web sees " + i.PrivateIP.String(); err != nil || string(answer) != want {
				t.Errorf("from %s: %q, %v; want %q", from, answer, err, want)
			}
			c.Close()
		}
	})
}

func TestAnInterfaceThatIsNotLetOutDialsIntoSilence(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		f.Apply([]Interface{iface("eni-web", "172.31.0.10", webGroup)}, []SecurityGroup{group(webGroup)})
		_, err := f.Dial(briefly(t), "eni-web", netip.MustParseAddrPort("172.31.0.99:80"))
		if d, ok := errors.AsType[*DialError](err); !ok || d.Stage != EgressDenied || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Dial(ctx, "eni-web", netip.MustParseAddrPort("172.31.0.99:80")); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v", err)
		}
		if _, err := f.Dial(t.Context(), "eni-none", webAt()); fault.CodeOf(err) != "InvalidNetworkInterfaceID.NotFound" {
			t.Errorf("from nowhere: got %v", err)
		}
	})
}

// TestTheTrapOfTheWalkthrough is rows 10 to 13: the balancer's own address is not admitted
// until the instance's group names the balancer's group.
func TestTheTrapOfTheWalkthrough(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f)
		l := listen(t, f, "eni-web", webPort)
		greeter(t, l, "web")
		_, err := f.Dial(briefly(t), "eni-node", webAt())
		if d, ok := errors.AsType[*DialError](err); !ok || d.Stage != IngressDenied {
			t.Fatalf("before the rule: got %v", err)
		}
		mend := admitted(t)
		walkthrough(t, f, mend)
		c, err := f.Dial(soon(t), "eni-node", webAt())
		if err != nil {
			t.Fatalf("after the rule: %v", err)
		}
		defer c.Close()
		if _, err := io.ReadAll(c); err != nil {
			t.Error(err)
		}
		flows := f.Flows(FlowFilter{Interface: "eni-web", Port: webPort})
		if len(flows) != 2 {
			t.Fatalf("flow records at web: %+v, want one for each dial", flows)
		}
		if newest := flows[0]; !newest.Allow || newest.RuleID != mend.ID || newest.Source.Addr() != addr("172.31.16.20") || newest.Source.Port() == 0 {
			t.Errorf("newest: %+v", newest)
		}
		if oldest := flows[1]; oldest.Allow || oldest.Why != NoMatchingRule || oldest.Direction != Ingress {
			t.Errorf("oldest: %+v", oldest)
		}
		if out := f.Flows(FlowFilter{Interface: "eni-node"}); len(out) != 2 || !out[0].Allow || out[0].Direction != Egress {
			t.Errorf("flow records at the node: %+v", out)
		}
	})
}

func TestAnOpenConnectionOutlivesItsRule(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f, admitted(t))
		l := listen(t, f, "eni-web", webPort)
		near, err := f.Dial(soon(t), "eni-node", webAt())
		if err != nil {
			t.Fatal(err)
		}
		defer near.Close()
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		walkthrough(t, f)
		io.WriteString(near, "still here")
		near.(interface{ CloseWrite() error }).CloseWrite()
		if got, err := io.ReadAll(far); err != nil || string(got) != "still here" {
			t.Errorf("got %q, %v", got, err)
		}
		io.WriteString(far, "and back") // half closed is not closed
		far.Close()
		if got, err := io.ReadAll(near); err != nil || string(got) != "and back" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestConnectionsSpeakOfTheVPC(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f, admitted(t))
		l := listen(t, f, "eni-web", webPort)
		near, err := f.Dial(soon(t), "eni-node", webAt())
		if err != nil {
			t.Fatal(err)
		}
		defer near.Close()
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		if near.LocalAddr().String() != far.RemoteAddr().String() || near.RemoteAddr().String() != far.LocalAddr().String() {
			t.Errorf("near %v→%v, far %v→%v", near.LocalAddr(), near.RemoteAddr(), far.RemoteAddr(), far.LocalAddr())
		}
		if hostOf(near.LocalAddr()) != "172.31.16.20" || near.RemoteAddr().String() != webAt().String() || l.Addr().String() != webAt().String() {
			t.Errorf("near %v→%v, listener %v", near.LocalAddr(), near.RemoteAddr(), l.Addr())
		}
		for _, c := range []net.Conn{near, far} {
			beneath := c.(interface{ NetConn() net.Conn }).NetConn()
			if _, isTCP := beneath.(*net.TCPConn); isTCP == f.InMemory() {
				t.Errorf("beneath is a %T", beneath)
			}
			c.SetReadDeadline(time.Now().Add(-time.Second))
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a deadline gave %v", err)
			}
		}
	})
}

func TestAPortIsOpenOnceUntilItIsClosed(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f, admitted(t))
		l := listen(t, f, "eni-web", webPort)
		if _, err := f.Listen("eni-web", webPort); fault.CodeOf(err) != "InvalidParameterValue" {
			t.Errorf("a second listener: %v", err)
		}
		if _, err := f.Listen("eni-none", webPort); fault.CodeOf(err) != "InvalidNetworkInterfaceID.NotFound" {
			t.Errorf("nowhere: %v", err)
		}
		if _, err := f.Listen("eni-web", 0); fault.CodeOf(err) != "InvalidParameterValue" {
			t.Errorf("port 0: %v", err)
		}
		listen(t, f, "eni-node", webPort) // another interface has its own ports
		if f.Direct("eni-web", webPort) == f.InMemory() || f.Direct("eni-web", 1) {
			t.Errorf("direct: %v at the port, %v where nothing listens", f.Direct("eni-web", webPort), f.Direct("eni-web", 1))
		}
		for range 3 {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("accepting from a closed listener: %v", err)
			}
			if _, err := f.Dial(soon(t), "eni-node", webAt()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("dialling a closed port: %v", err)
			}
			l = listen(t, f, "eni-web", webPort)
		}
	})
}

func TestClosingAListenerEndsWhatItHadNotAccepted(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f, admitted(t))
		l := listen(t, f, "eni-web", webPort)
		c, err := f.Dial(soon(t), "eni-node", webAt())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		eventually(t, "the connection waits for Accept", func() bool { return len(l.(*listener).conns) == 1 })
		l.Close()
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}

func TestListenersOfVanishedInterfacesAreClosed(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f)
		l := listen(t, f, "eni-web", webPort)
		kept := listen(t, f, "eni-node", webPort)
		f.Apply([]Interface{iface("eni-node", "172.31.16.20", balancerGroup)}, nil)
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if f.listener("eni-node", webPort) != kept || f.listener("eni-web", webPort) != nil {
			t.Error("the wrong listener was closed")
		}
		if _, ok := f.Firewall("eni-web"); ok {
			t.Error("the vanished interface still has a firewall")
		}
	})
}

// direct connects to an interface's own loopback address from the host, as curl would.
func direct(t *testing.T, f *Fabric, to netip.AddrPort) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(soon(t), "tcp", netip.AddrPortFrom(f.Loopback(to.Addr()), to.Port()).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestTheHostItselfIsJudgedAtTheInterfacesOwnAddress(t *testing.T) {
	f := newFabric(t, FabricConfig{})
	if f.InMemory() {
		t.Skip("this host has no loopback addresses but 127.0.0.1")
	}
	walkthrough(t, f)
	greeter(t, listen(t, f, "eni-web", webPort), "web")
	if got, err := io.ReadAll(direct(t, f, webAt())); err != nil || string(got) != "web sees 127.0.0.1" {
		t.Errorf("admitted: %q, %v", got, err)
	}
	greeter(t, listen(t, f, "eni-node", webPort), "node")
	c := direct(t, f, netip.AddrPortFrom(addr("172.31.16.20"), webPort))
	c.SetReadDeadline(time.Now().Add(60 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("denied: read %d, %v; want silence", n, err)
	}
	flows := f.Flows(FlowFilter{Peer: addr("127.0.0.1")})
	if len(flows) != 2 || flows[0].Allow || !flows[1].Allow {
		t.Errorf("flow records: %+v", flows)
	}
}

func TestHeldConnectionsAreBoundedAndEnd(t *testing.T) {
	f := newFabric(t, FabricConfig{MaxHeld: 3, Hold: time.Minute})
	if f.InMemory() {
		t.Skip("this host has no loopback addresses but 127.0.0.1")
	}
	walkthrough(t, f)
	listen(t, f, "eni-node", webPort)
	to := netip.AddrPortFrom(addr("172.31.16.20"), webPort)
	first := direct(t, f, to)
	eventually(t, "the first is held", func() bool { return f.held.size() == 1 })
	var others []net.Conn
	for range 3 {
		others = append(others, direct(t, f, to))
	}
	first.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := first.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the oldest of too many: %v", err)
	}
	eventually(t, "three are held", func() bool { return f.held.size() == 3 })
	others[0].Close()
	eventually(t, "a client's leaving is noticed", func() bool { return f.held.size() == 2 })
	io.Copy(others[1], io.LimitReader(strings.NewReader(strings.Repeat("x", 100_000)), 100_000))
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if n := f.held.size(); n != 0 {
		t.Errorf("%d are held after Close", n)
	}
}

func TestAHeldConnectionEndsWhenItsTimeIsOver(t *testing.T) {
	f := newFabric(t, FabricConfig{Hold: 50 * time.Millisecond})
	if f.InMemory() {
		t.Skip("this host has no loopback addresses but 127.0.0.1")
	}
	walkthrough(t, f)
	listen(t, f, "eni-node", webPort)
	c := direct(t, f, netip.AddrPortFrom(addr("172.31.16.20"), webPort))
	// More than is discarded: the connection must end in time even so.
	c.SetWriteDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write(make([]byte, 64<<20)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want a reset", err)
	}
}

func TestTwoFabricsNeverMeet(t *testing.T) {
	dir := t.TempDir()
	a, b, c := newFabric(t, FabricConfig{LockDir: dir}), newFabric(t, FabricConfig{LockDir: dir}), newFabric(t, FabricConfig{LockDir: t.TempDir()})
	if a.InMemory() {
		t.Skip("this host has no loopback addresses but 127.0.0.1")
	}
	private := addr("172.31.0.10")
	at := map[netip.Addr]bool{a.Loopback(private): true, b.Loopback(private): true, c.Loopback(private): true}
	if len(at) != 3 {
		t.Errorf("the same address is at %v of three fabrics", at)
	}
	if back, ok := b.Private(b.Loopback(private)); !ok || back != private {
		t.Errorf("back: %v, %v", back, ok)
	}
	if _, ok := b.Private(a.Loopback(private)); ok {
		t.Error("one takes the other's address for its own")
	}
	for _, stranger := range []string{"172.30.0.1", "127.0.0.1", "::1", "203.0.113.1"} {
		if got := a.Loopback(addr(stranger)); got.IsValid() {
			t.Errorf("%s has the loopback address %v", stranger, got)
		}
	}
}

func TestWhatIsGivenBackCanBeClaimedAgain(t *testing.T) {
	dir := t.TempDir()
	const second = 253 // far from where fabrics begin to look
	first, err := tryClaim(dir, second)
	if err != nil {
		t.Skip("cannot be claimed here: ", err)
	}
	if _, err := tryClaim(dir, second); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("by the same directory: %v", err)
	}
	if _, err := tryClaim(t.TempDir(), second); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("by another directory: %v", err)
	}
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	again, err := tryClaim(dir, second)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.release(); err != nil {
		t.Error(err)
	}
}

func TestWithoutAPlaceForItsLockAFabricStillClaims(t *testing.T) {
	if newFabric(t, FabricConfig{}).InMemory() {
		t.Skip("this host has no loopback addresses but 127.0.0.1")
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a, b := newFabric(t, FabricConfig{LockDir: file + "/locks"}), newFabric(t, FabricConfig{LockDir: file + "/locks"})
	private := addr("172.31.0.10")
	if a.InMemory() || b.InMemory() || a.Loopback(private) == b.Loopback(private) {
		t.Errorf("they have %v and %v", a.Loopback(private), b.Loopback(private))
	}
}

func TestAClosedFabricDoesNothingMore(t *testing.T) {
	modes(t, func(t *testing.T, f *Fabric) {
		walkthrough(t, f)
		waiting := make(chan error, 1)
		go func() {
			_, err := f.Dial(t.Context(), "eni-node", webAt())
			waiting <- err
		}()
		eventually(t, "a dial waits in silence", func() bool { return len(f.Flows(FlowFilter{Interface: "eni-web"})) == 1 })
		for range 2 {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-waiting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the waiting dial: %v", err)
		}
		if _, err := f.Dial(t.Context(), "eni-node", webAt()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dial: %v", err)
		}
		if _, err := f.Listen("eni-web", webPort); !errors.Is(err, net.ErrClosed) {
			t.Errorf("listen: %v", err)
		}
	})
}

// descriptors counts this process's open ones; -1 where that cannot be seen.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}

func TestNoDescriptorIsLeft(t *testing.T) {
	round := func(f *Fabric) {
		walkthrough(t, f, admitted(t))
		for range 20 {
			l, err := f.Listen("eni-web", webPort)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := f.Dial(soon(t), "eni-node", webAt()) // never accepted
			if err != nil {
				t.Fatal(err)
			}
			f.Dial(briefly(t), "eni-node", netip.MustParseAddrPort("172.31.0.10:1"))
			l.Close()
			kept.Close()
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	modes(t, func(t *testing.T, f *Fabric) {
		if descriptors() < 0 {
			t.Skip("descriptors cannot be counted here")
		}
		before := descriptors()
		round(f)
		eventually(t, "as few descriptors as before", func() bool { return descriptors() <= before })
	})
}

func TestNamesOfAddresses(t *testing.T) {
	if got := PublicName(addr("203.0.113.25"), "ap-northeast-1", "localhost"); got != "ec2-203-0-113-25.ap-northeast-1.compute.localhost" {
		t.Error(got)
	}
	if got := PrivateName(addr("172.31.5.10"), "ap-northeast-1"); got != "ip-172-31-5-10.ap-northeast-1.compute.internal" {
		t.Error(got)
	}
	if PublicName(netip.Addr{}, "r", "d") != "" || PrivateName(netip.Addr{}, "r") != "" {
		t.Error("no address has a name")
	}
}
