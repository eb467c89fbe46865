package engine

import (
	"context"
	"net/netip"
	"time"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// Store is what the engine needs of a database. Update runs fn in one write transaction:
// all of it is on disk when Update returns nil, and none of it when fn or the commit
// fails. View runs fn in one read snapshot. Neither may be nested.
//
// Every method of Tx works within the scope it was opened with; the ids of another
// account are not found.
type Store interface {
	Update(ctx context.Context, scope ident.Scope, fn func(Tx) error) error
	View(ctx context.Context, scope ident.Scope, fn func(Tx) error) error
	// World is everything the reconciler needs, of all accounts, in one snapshot.
	World(ctx context.Context) (World, error)
}

// Tx is one transaction in one scope. A Find method returns a zero record and false where
// there is none; errors are the database's. A Put method inserts or replaces a whole
// record with what hangs on it (rules, listeners, registrations, tags, group
// memberships). A Delete method of something absent does nothing.
type Tx interface {
	VPCs() ([]network.VPC, error)
	Subnets() ([]network.Subnet, error) // by Availability Zone
	PutVPC(network.VPC) error
	PutSubnet(network.Subnet) error

	SecurityGroups() ([]network.SecurityGroup, error) // by creation
	FindSecurityGroup(id string) (network.SecurityGroup, bool, error)
	PutSecurityGroup(network.SecurityGroup) error
	DeleteSecurityGroup(id string) error

	// Interfaces are those of instances that are not terminated and of load balancers.
	Interfaces() ([]network.Interface, error)
	// PrivateIPs and PublicIPs are the addresses in use, of every account: there is one wire.
	PrivateIPs() ([]netip.Addr, error)
	PublicIPs() ([]netip.Addr, error)

	Instances() ([]compute.Instance, error) // newest first
	FindInstance(id string) (compute.Instance, bool, error)
	PutInstance(compute.Instance) error
	DeleteInstance(id string) error

	Images() ([]compute.Image, error) // newest first
	FindImage(id string) (compute.Image, bool, error)
	PutImage(compute.Image) error
	DeleteImage(id string) error

	Snapshots() ([]compute.Snapshot, error) // newest first
	FindSnapshot(id string) (compute.Snapshot, bool, error)
	PutSnapshot(compute.Snapshot) error
	DeleteSnapshot(id string) error

	KeyPairs() ([]compute.KeyPair, error) // by name
	FindKeyPair(name string) (compute.KeyPair, bool, error)
	PutKeyPair(compute.KeyPair) error
	DeleteKeyPair(name string) error

	LoadBalancers() ([]elb.LoadBalancer, error) // newest first
	FindLoadBalancer(name string) (elb.LoadBalancer, bool, error)
	PutLoadBalancer(elb.LoadBalancer) error
	DeleteLoadBalancer(name string) error

	// RetireName remembers why a public name answers no more; PutInstance and
	// PutLoadBalancer with a name in use again take it back (see ReviveName).
	RetireName(RetiredName) error
	ReviveName(name string) error

	AddActivity(Activity) error
	Activities(ActivityFilter) ([]Activity, int, error) // newest first, and how many match in all

	Setting(key string) (value string, ok bool, err error)
	PutSetting(key, value string) error
}

// Activity is one line of the history: who did which operation on what, when, and what
// came of it. A refused operation leaves one too.
type Activity struct {
	ID        string // act-
	At        time.Time
	Actor     string // "console", later an access key or a person
	Source    string // the client's address
	Operation string // the API action, such as RunInstances
	Resource  string // what it was done to: an id or a name, several joined by commas
	Result    string // "Success", or AWS's error code
	Message   string // the error's English message, empty on success
	Detail    string // what was asked, in one line
}

// ActivityFilter selects activities; zero fields select everything.
type ActivityFilter struct {
	Resource  string // exact id or name
	Operation string
	Text      string // in any column
	Offset    int
	Limit     int // 0 means 100
}

// RetiredName is a public name that used to answer, and why it does not.
type RetiredName struct {
	Name     string // the whole host name in lower case
	Resource string // the id or name of what had it
	Why      string // stopped, terminated or deleted
	At       time.Time
}

// World is what was asked for, all of it, at one moment.
type World struct {
	Scopes []ScopedWorld
}

// ScopedWorld is one account's part of the world in one Region.
type ScopedWorld struct {
	Scope         ident.Scope
	Groups        []network.SecurityGroup
	Instances     []compute.Instance
	Images        []compute.Image
	Snapshots     []compute.Snapshot
	KeyPairs      []compute.KeyPair
	LoadBalancers []elb.LoadBalancer
	Retired       []RetiredName
}
