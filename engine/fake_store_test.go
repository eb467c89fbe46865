package engine

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// fakeStore is a Store in memory, for tests that look at what a command wrote. Update
// works on a copy and keeps it only when fn succeeds; readers meanwhile see what was
// there before, as with the real one.
type fakeStore struct {
	writing sync.Mutex // held by Update throughout

	mu     sync.Mutex
	scopes map[ident.Scope]*fakeTx // guarded by mu; each value never changes once it is in
}

// begin opens a transaction over a copy of what the scope holds.
func (s *fakeStore) begin(scope ident.Scope) *fakeTx {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &fakeTx{}
	if kept, ok := s.scopes[scope]; ok {
		tx = kept.copy()
	}
	tx.scope, tx.others = scope, maps.Clone(s.scopes)
	delete(tx.others, scope)
	return tx
}

func (s *fakeStore) Update(ctx context.Context, scope ident.Scope, fn func(Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := s.begin(scope)
	if err := fn(tx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scopes == nil {
		s.scopes = map[ident.Scope]*fakeTx{}
	}
	tx.others = nil
	s.scopes[scope] = tx
	return nil
}

func (s *fakeStore) View(_ context.Context, scope ident.Scope, fn func(Tx) error) error {
	return fn(s.begin(scope))
}

func (s *fakeStore) World(context.Context) (World, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var w World
	for scope, tx := range s.scopes {
		w.Scopes = append(w.Scopes, ScopedWorld{
			Scope: scope, Groups: tx.groups.list(), Instances: tx.instances.list(), Images: tx.images.list(),
			Snapshots: tx.snapshots.list(), KeyPairs: tx.keys.list(), LoadBalancers: tx.balancers.list(),
			Retired: slices.Collect(maps.Values(tx.retired)),
		})
	}
	return w, nil
}

// fakeTable is rows by id, in order of insertion.
type fakeTable[T any] struct {
	ids  []string
	rows map[string]T
}

func (t fakeTable[T]) copy() fakeTable[T] {
	return fakeTable[T]{ids: slices.Clone(t.ids), rows: maps.Clone(t.rows)}
}

func (t *fakeTable[T]) put(id string, row T) error {
	if t.rows == nil {
		t.rows = map[string]T{}
	}
	if _, ok := t.rows[id]; !ok {
		t.ids = append(t.ids, id)
	}
	t.rows[id] = row
	return nil
}

func (t *fakeTable[T]) drop(id string) error {
	delete(t.rows, id)
	t.ids = slices.DeleteFunc(t.ids, func(other string) bool { return other == id })
	return nil
}

func (t fakeTable[T]) find(id string) (T, bool, error) {
	row, ok := t.rows[id]
	return row, ok, nil
}

func (t fakeTable[T]) list() []T {
	rows := make([]T, len(t.ids))
	for i, id := range t.ids {
		rows[i] = t.rows[id]
	}
	return rows
}

func (t fakeTable[T]) newestFirst() ([]T, error) {
	rows := t.list()
	slices.Reverse(rows)
	return rows, nil
}

type fakeTx struct {
	scope  ident.Scope
	others map[ident.Scope]*fakeTx // of every other account, to read only

	vpcs       fakeTable[network.VPC]
	subnets    fakeTable[network.Subnet]
	groups     fakeTable[network.SecurityGroup]
	instances  fakeTable[compute.Instance]
	images     fakeTable[compute.Image]
	snapshots  fakeTable[compute.Snapshot]
	keys       fakeTable[compute.KeyPair]
	balancers  fakeTable[elb.LoadBalancer]
	retired    map[string]RetiredName
	activities []Activity
	settings   map[string]string
}

func (tx *fakeTx) copy() *fakeTx {
	return &fakeTx{
		vpcs: tx.vpcs.copy(), subnets: tx.subnets.copy(), groups: tx.groups.copy(), instances: tx.instances.copy(),
		images: tx.images.copy(), snapshots: tx.snapshots.copy(), keys: tx.keys.copy(), balancers: tx.balancers.copy(),
		retired: maps.Clone(tx.retired), activities: slices.Clone(tx.activities), settings: maps.Clone(tx.settings),
	}
}

func (tx *fakeTx) VPCs() ([]network.VPC, error) { return tx.vpcs.list(), nil }
func (tx *fakeTx) Subnets() ([]network.Subnet, error) {
	return slices.SortedFunc(slices.Values(tx.subnets.list()), func(a, b network.Subnet) int {
		return cmp.Compare(a.AvailabilityZone, b.AvailabilityZone)
	}), nil
}
func (tx *fakeTx) PutVPC(v network.VPC) error       { return tx.vpcs.put(v.ID, v) }
func (tx *fakeTx) PutSubnet(s network.Subnet) error { return tx.subnets.put(s.ID, s) }

func (tx *fakeTx) SecurityGroups() ([]network.SecurityGroup, error) { return tx.groups.list(), nil }
func (tx *fakeTx) FindSecurityGroup(id string) (network.SecurityGroup, bool, error) {
	return tx.groups.find(id)
}
func (tx *fakeTx) PutSecurityGroup(g network.SecurityGroup) error { return tx.groups.put(g.ID, g) }
func (tx *fakeTx) DeleteSecurityGroup(id string) error            { return tx.groups.drop(id) }

func (tx *fakeTx) Interfaces() ([]network.Interface, error) {
	return World{Scopes: []ScopedWorld{{Instances: tx.instances.list(), LoadBalancers: tx.balancers.list()}}}.interfaces(), nil
}

// everyInterface is those of every account, this transaction's own writes included.
func (tx *fakeTx) everyInterface() []network.Interface {
	all, _ := tx.Interfaces()
	for _, other := range tx.others {
		more, _ := other.Interfaces()
		all = append(all, more...)
	}
	return all
}

func (tx *fakeTx) PrivateIPs() ([]netip.Addr, error) {
	var ips []netip.Addr
	for _, n := range tx.everyInterface() {
		ips = append(ips, n.PrivateIP)
	}
	return ips, nil
}

func (tx *fakeTx) PublicIPs() ([]netip.Addr, error) {
	var ips []netip.Addr
	for _, n := range tx.everyInterface() {
		if n.PublicIP.IsValid() {
			ips = append(ips, n.PublicIP)
		}
	}
	return ips, nil
}

func (tx *fakeTx) Instances() ([]compute.Instance, error) { return tx.instances.newestFirst() }
func (tx *fakeTx) FindInstance(id string) (compute.Instance, bool, error) {
	return tx.instances.find(id)
}
func (tx *fakeTx) PutInstance(in compute.Instance) error { return tx.instances.put(in.ID, in) }
func (tx *fakeTx) DeleteInstance(id string) error        { return tx.instances.drop(id) }

func (tx *fakeTx) Images() ([]compute.Image, error)                 { return tx.images.newestFirst() }
func (tx *fakeTx) FindImage(id string) (compute.Image, bool, error) { return tx.images.find(id) }
func (tx *fakeTx) PutImage(image compute.Image) error               { return tx.images.put(image.ID, image) }
func (tx *fakeTx) DeleteImage(id string) error                      { return tx.images.drop(id) }
func (tx *fakeTx) Snapshots() ([]compute.Snapshot, error)           { return tx.snapshots.newestFirst() }
func (tx *fakeTx) PutSnapshot(snap compute.Snapshot) error          { return tx.snapshots.put(snap.ID, snap) }
func (tx *fakeTx) DeleteSnapshot(id string) error                   { return tx.snapshots.drop(id) }
func (tx *fakeTx) KeyPairs() ([]compute.KeyPair, error)             { return tx.keys.list(), nil }
func (tx *fakeTx) PutKeyPair(key compute.KeyPair) error             { return tx.keys.put(key.Name, key) }
func (tx *fakeTx) DeleteKeyPair(name string) error                  { return tx.keys.drop(name) }
func (tx *fakeTx) LoadBalancers() ([]elb.LoadBalancer, error)       { return tx.balancers.newestFirst() }
func (tx *fakeTx) PutLoadBalancer(b elb.LoadBalancer) error         { return tx.balancers.put(b.Name, b) }
func (tx *fakeTx) DeleteLoadBalancer(name string) error             { return tx.balancers.drop(name) }
func (tx *fakeTx) FindSnapshot(id string) (compute.Snapshot, bool, error) {
	return tx.snapshots.find(id)
}
func (tx *fakeTx) FindKeyPair(name string) (compute.KeyPair, bool, error) { return tx.keys.find(name) }
func (tx *fakeTx) FindLoadBalancer(name string) (elb.LoadBalancer, bool, error) {
	return tx.balancers.find(name)
}

func (tx *fakeTx) RetireName(n RetiredName) error {
	if tx.retired == nil {
		tx.retired = map[string]RetiredName{}
	}
	tx.retired[n.Name] = n
	return nil
}

func (tx *fakeTx) ReviveName(name string) error {
	delete(tx.retired, name)
	return nil
}

func (tx *fakeTx) AddActivity(a Activity) error {
	tx.activities = append(tx.activities, a)
	return nil
}

func (tx *fakeTx) Activities(f ActivityFilter) ([]Activity, int, error) {
	var found []Activity
	for _, a := range slices.Backward(tx.activities) {
		if (f.Resource == "" || slices.Contains(strings.Split(a.Resource, ","), f.Resource)) && (f.Operation == "" || f.Operation == a.Operation) {
			found = append(found, a)
		}
	}
	limit := cmp.Or(f.Limit, 100)
	return found[min(f.Offset, len(found)):min(f.Offset+limit, len(found))], len(found), nil
}

func (tx *fakeTx) Setting(key string) (string, bool, error) {
	value, ok := tx.settings[key]
	return value, ok, nil
}

func (tx *fakeTx) PutSetting(key, value string) error {
	if tx.settings == nil {
		tx.settings = map[string]string{}
	}
	tx.settings[key] = value
	return nil
}
