package engine_test

import (
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/store"
)

// until waits for ready to hold, looking again whenever something changes.
func (w *whole) until(what string, ready func() bool) {
	w.t.Helper()
	changes := w.Subscribe()
	defer changes.Close()
	deadline := time.After(10 * time.Second)
	for !ready() {
		select {
		case <-changes.Ready():
			changes.Take()
		case <-deadline:
			w.t.Fatalf("still not %s", what)
		}
	}
}

func (w *whole) describe(id string) engine.InstanceDescription {
	w.t.Helper()
	found, err := w.DescribeInstances(w.t.Context(), id)
	w.do(err)
	return found[0]
}

func (w *whole) becomes(id string, s compute.State) {
	w.t.Helper()
	w.until(id+" "+string(s), func() bool { return w.describe(id).State == s })
}

func (w *whole) read(id, path string) string {
	w.t.Helper()
	file, _, err := w.OpenFile(w.t.Context(), id, path)
	w.do(err)
	defer file.Close()
	text, err := io.ReadAll(file)
	w.do(err)
	return string(text)
}

func TestAnInstanceLivesItsLife(t *testing.T) {
	w := opened(t, t.TempDir())
	defer w.close()
	ctx := t.Context()
	id := w.launch()
	first := w.describe(id)

	_, err := w.StopInstances(ctx, id)
	w.do(err)
	w.becomes(id, compute.Stopped)
	if d := w.describe(id); d.PublicDNS != "" || d.Interface.PrivateIP != first.Interface.PrivateIP || d.StateReason.Code != "Client.UserInitiatedShutdown" {
		t.Errorf("stopped, it is %+v", d)
	}
	w.do(w.ModifyInstanceType(ctx, id, "t3.micro"))
	_, err = w.StartInstances(ctx, id)
	w.do(err)
	w.becomes(id, compute.Running)
	if d := w.describe(id); d.PublicDNS == "" || d.Interface.PrivateIP != first.Interface.PrivateIP || d.Type != "t3.micro" || d.StateReason.Code != "" {
		t.Errorf("started again, it is %+v", d)
	}
	_, err = w.TerminateInstances(ctx, id)
	w.do(err)
	w.becomes(id, compute.Terminated)
	if d := w.describe(id); d.PrivateDNS != "" || len(d.GroupNames) != 0 {
		t.Errorf("terminated, it is %+v", d)
	}
	w.sound()
}

func TestAnImageIsACopyOfThatMoment(t *testing.T) {
	w := opened(t, t.TempDir())
	defer w.close()
	ctx := t.Context()
	source := w.launch()
	const page = "/home/ec2-user/page"
	w.do(w.WriteFile(ctx, source, page, strings.NewReader("then"), compute.NewFile))
	_, err := w.StopInstances(ctx, source)
	w.do(err)
	w.becomes(source, compute.Stopped)

	image, err := w.CreateImage(ctx, engine.CreateImageInput{InstanceID: source, Name: "image1"})
	w.do(err)
	w.until("available", func() bool {
		found, err := w.DescribeImages(ctx, image)
		w.do(err)
		return found[0].State == compute.ImageAvailable && found[0].Snapshot.State == compute.SnapshotCompleted
	})
	_, err = w.StartInstances(ctx, source)
	w.do(err)
	w.becomes(source, compute.Running)
	w.do(w.WriteFile(ctx, source, page, strings.NewReader("now"), ""))

	made, err := w.RunInstances(ctx, engine.RunInstancesInput{ImageID: image, Count: 2})
	w.do(err)
	for _, id := range made.InstanceIDs {
		w.becomes(id, compute.Running)
		if got := w.read(id, page); got != "then" {
			t.Errorf("the copy says %q", got)
		}
	}
	w.do(w.DeregisterImage(ctx, image, true))
	_, err = w.RebootInstances(ctx, made.InstanceIDs...)
	w.do(err)
	w.sound()
}

func TestWhatWasAskedOfInstancesOutlivesTheProcess(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	w := opened(t, dir)
	key, err := w.CreateKeyPair(ctx, engine.CreateKeyPairInput{Name: "key", Type: engine.KeyED25519, Tags: map[string]string{"team": "a"}})
	w.do(err)
	running, stopped := w.launch(), w.launch()
	w.do(w.SetTags(ctx, engine.KindInstance, stopped, map[string]string{"Name": "web"}))
	_, err = w.StopInstances(ctx, stopped)
	w.do(err)
	w.becomes(stopped, compute.Stopped)
	w.do(w.ModifyTerminationProtection(ctx, stopped, true))
	before := w.describe(stopped).Instance
	w.close()

	w = opened(t, dir)
	defer w.close()
	w.becomes(running, compute.Running)
	d := w.describe(stopped)
	if d.State != compute.Stopped || !sameRecord(d.Instance, before) {
		t.Errorf("after a restart it is %s, %+v, was %+v", d.State, d.Instance, before)
	}
	keys, err := w.DescribeKeyPairs(ctx)
	w.do(err)
	if len(keys) != 1 || keys[0].PublicKey != key.PublicKey || keys[0].Tags["team"] != "a" {
		t.Errorf("the key pairs are %+v", keys)
	}
	w.sound()
}

// sameRecord compares two records; a moment is the same in every time zone.
func sameRecord(a, b compute.Instance) bool {
	same := a.LaunchTime.Equal(b.LaunchTime) && a.TerminatedAt.Equal(b.TerminatedAt)
	a.LaunchTime, a.TerminatedAt = b.LaunchTime, b.TerminatedAt
	return same && reflect.DeepEqual(a, b)
}

func BenchmarkDescribeAThousandInstances(b *testing.B) {
	dir := b.TempDir()
	scope := ident.Scope{Account: "123456789012", Region: "ap-northeast-1"}
	db, err := store.Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	e, stop := idle(b, dir, db, scope)
	defer stop()
	fill(b, db, scope, 1000)
	for b.Loop() {
		if list, err := e.DescribeInstances(b.Context()); err != nil || len(list) != 1000 {
			b.Fatal(len(list), err)
		}
	}
}

// idle is an engine that reconciles nothing.
func idle(b *testing.B, dir string, db *store.DB, scope ident.Scope) (*engine.Engine, func()) {
	fabric, err := network.NewFabric(network.FabricConfig{LockDir: b.TempDir(), InMemory: true})
	if err != nil {
		b.Fatal(err)
	}
	gateway, err := network.OpenGateway(network.GatewayConfig{Fabric: fabric, Addrs: []string{"127.0.0.1:0"}})
	if err != nil {
		b.Fatal(err)
	}
	e, err := engine.New(engine.Config{Store: db, Fabric: fabric, Gateway: gateway, Dir: dir, Domain: "localhost", Speed: 1, Scope: scope})
	if err != nil {
		b.Fatal(err)
	}
	return e, func() {
		_ = gateway.Close()
		_ = e.Stop(b.Context())
		_ = fabric.Close()
	}
}

func fill(b *testing.B, db *store.DB, scope ident.Scope, n int) {
	subnet := network.Subnet{ID: ident.New("subnet"), VPCID: ident.New("vpc"), AvailabilityZone: "ap-northeast-1a", CIDR: netip.MustParsePrefix("172.31.0.0/20")}
	group := network.SecurityGroup{ID: ident.New("sg"), VPCID: subnet.VPCID, Name: "default", Description: "default"}
	err := db.Update(b.Context(), scope, func(tx engine.Tx) error {
		if err := tx.PutVPC(network.VPC{ID: subnet.VPCID, CIDR: netip.MustParsePrefix("172.31.0.0/16"), IsDefault: true}); err != nil {
			return err
		}
		if err := tx.PutSubnet(subnet); err != nil {
			return err
		}
		if err := tx.PutSecurityGroup(group); err != nil {
			return err
		}
		for i := range n {
			in := compute.Instance{
				ID: ident.New("i"), ReservationID: ident.New("r"), ImageID: ident.New("ami"), Type: "t2.micro", Goal: compute.Run, Boots: 1,
				ShutdownBehavior: engine.ShutdownStop, LaunchTime: time.Now(), RootVolumeID: ident.New("vol"), Tags: map[string]string{"Name": fmt.Sprint("web-", i)},
			}
			in.Interface = network.Interface{
				ID: ident.New("eni"), VPCID: subnet.VPCID, SubnetID: subnet.ID, AvailabilityZone: subnet.AvailabilityZone,
				PrivateIP: netip.AddrFrom4([4]byte{172, 31, byte(i / 250), byte(4 + i%250)}), Groups: []string{group.ID}, InstanceID: in.ID,
			}
			if err := tx.PutInstance(in); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
