package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// The limits of a launch. MaxUserData is AWS's; MaxRunningInstances stands for the quota
// of running instances of an account and Region, which AWS counts in vCPUs.
const (
	MaxLaunch           = 20
	MaxUserData         = 16 << 10 // bytes
	MaxRunningInstances = 1000
)

// What becomes of an instance whose own operating system shuts down.
const (
	ShutdownStop      = "stop"
	ShutdownTerminate = "terminate"
)

// RunInstancesInput is what RunInstances takes.
type RunInstancesInput struct {
	ImageID           string // ami-
	Type              string // a name in compute.InstanceTypes; empty: compute.DefaultType
	KeyName           string // empty: without a key pair
	SubnetID          string // empty: the default subnet of the first Availability Zone
	AssociatePublicIP bool
	GroupIDs          []string // empty, with no NewGroup: the VPC's default group
	// NewGroup is a security group to make in the same step and to wear beside GroupIDs:
	// the launch page's "Create security group".
	NewGroup              *CreateSecurityGroupInput
	Count                 int // 1 to MaxLaunch
	Tags                  map[string]string
	UserData              []byte // at most MaxUserData
	DisableApiTermination bool
	ShutdownBehavior      string // ShutdownStop or ShutdownTerminate; empty: ShutdownStop
}

// Reservation is what one RunInstances call made.
type Reservation struct {
	ID          string   // r-
	InstanceIDs []string // in the order of their launch index
}

// RunInstances launches Count instances of an available image, all or none. Its faults
// carry the launch form's fields: image_id, type, key_name, subnet_id, group_ids, count,
// tags, user_data and shutdown_behavior. Source: EC2 API, RunInstances.
func (e *Engine) RunInstances(ctx context.Context, in RunInstancesInput) (Reservation, error) {
	detail := fmt.Sprintf("image %s, type %s, count %d", in.ImageID, in.Type, in.Count)
	var made Reservation
	err := e.do(ctx, "RunInstances", detail, func(c *change) (err error) {
		made, err = e.launch(c, in)
		return err
	})
	if err != nil {
		return Reservation{}, err
	}
	return made, nil
}

func (e *Engine) launch(c *change, in RunInstancesInput) (Reservation, error) {
	if err := validateLaunch(&in); err != nil {
		return Reservation{}, err
	}
	key, err := launchable(c, in)
	if err != nil {
		return Reservation{}, err
	}
	subnet, err := launchSubnet(c, in.SubnetID)
	if err != nil {
		return Reservation{}, err
	}
	groups, err := launchGroups(c, in, subnet.VPCID)
	if err != nil {
		return Reservation{}, err
	}
	made := Reservation{ID: ident.New("r")}
	for i := range in.Count {
		iface, err := e.newInterface(c, subnet, groups, in.AssociatePublicIP)
		if err != nil {
			return Reservation{}, err
		}
		record := newInstance(c, in, made.ID, i, iface)
		record.PublicKey = key
		if err := c.PutInstance(record); err != nil {
			return Reservation{}, err
		}
		made.InstanceIDs = append(made.InstanceIDs, record.ID)
		c.touch("instance", record.ID)
	}
	c.about(made.InstanceIDs...)
	return made, nil
}

func newInstance(c *change, in RunInstancesInput, reservation string, index int, iface network.Interface) compute.Instance {
	id := ident.New("i")
	iface.InstanceID = id
	return compute.Instance{
		ID: id, ReservationID: reservation, LaunchIndex: index,
		ImageID: in.ImageID, Type: in.Type, KeyName: in.KeyName,
		Interface: iface, AutoPublicIP: in.AssociatePublicIP, UserData: slices.Clone(in.UserData),
		DisableApiTermination: in.DisableApiTermination, ShutdownBehavior: in.ShutdownBehavior,
		Goal: compute.Run, Boots: 1, LaunchTime: c.at, RootVolumeID: ident.New("vol"), Tags: maps.Clone(in.Tags),
	}
}

// validateLaunch looks at what needs no store, and fills the defaults in.
func validateLaunch(in *RunInstancesInput) error {
	if in.Type == "" {
		in.Type = compute.DefaultType
	}
	if in.ShutdownBehavior == "" {
		in.ShutdownBehavior = ShutdownStop
	}
	if in.Count < 1 || in.Count > MaxLaunch {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Value (%d) for parameter count is invalid. Launch 1 to %d instances at a time.", in.Count, MaxLaunch).In("count")
	}
	if err := validType(in.Type); err != nil {
		return err
	}
	if in.ShutdownBehavior != ShutdownStop && in.ShutdownBehavior != ShutdownTerminate {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Value (%s) for parameter instanceInitiatedShutdownBehavior is invalid. Choose stop or terminate.", shown(in.ShutdownBehavior)).In("shutdown_behavior")
	}
	if err := validUserData(in.UserData); err != nil {
		return err
	}
	return ValidateTags(in.Tags)
}

func validType(name string) error {
	if _, ok := compute.LookupType(name); !ok {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Invalid value '%s' for InstanceType. Choose a type from the list.", shown(name)).In("type")
	}
	return nil
}

func validUserData(text []byte) error {
	if len(text) > MaxUserData {
		return fault.New(fault.Invalid, "InvalidParameterValue", "User data is limited to %d bytes, and this is %d bytes long.", MaxUserData, len(text)).In("user_data")
	}
	return nil
}

// launchable checks that what the launch names exists and that the quota has room. It
// returns the public key to launch with, if any.
func launchable(c *change, in RunInstancesInput) (publicKey string, err error) {
	image, err := findImage(c, in.ImageID)
	if err != nil {
		return "", err
	}
	if image.State != compute.ImageAvailable {
		return "", fault.New(fault.Invalid, "InvalidAMIID.Unavailable", "The image ID '%s' is not available: its state is %s.", image.ID, string(image.State)).In("image_id")
	}
	if in.KeyName != "" {
		key, err := findKeyPair(c, in.KeyName)
		if err != nil {
			return "", err
		}
		publicKey = key.PublicKey
	}
	return publicKey, roomFor(c, in.Count)
}

// roomFor refuses n more running instances when they would pass the quota.
func roomFor(tx Tx, n int) error {
	if n == 0 {
		return nil
	}
	all, err := tx.Instances()
	if err != nil {
		return err
	}
	for _, in := range all {
		if in.Goal == compute.Run {
			n++
		}
	}
	if n > MaxRunningInstances {
		return fault.New(fault.Limit, "InstanceLimitExceeded", "You have requested more instances (%d) than your current instance limit of %d allows. Stop or terminate some first.", n, MaxRunningInstances).In("count")
	}
	return nil
}

// launchSubnet is the subnet asked for, or the default one of the first Availability
// Zone: AWS leaves the choice open, and one rule is easier to learn from than chance.
func launchSubnet(tx Tx, id string) (network.Subnet, error) {
	subnets, err := tx.Subnets()
	if err != nil {
		return network.Subnet{}, err
	}
	for _, s := range subnets {
		if s.ID == id || id == "" && s.DefaultForAZ {
			return s, nil
		}
	}
	if id == "" {
		return network.Subnet{}, fault.New(fault.Invalid, "MissingInput", "No default subnet was found. Choose a subnet.").In("subnet_id")
	}
	return network.Subnet{}, fault.New(fault.NotFound, "InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", shown(id)).In("subnet_id")
}

// launchGroups are the groups to wear, the new one made first; the VPC's default group
// when nothing was chosen.
func launchGroups(c *change, in RunInstancesInput, vpcID string) ([]string, error) {
	groups := distinct(in.GroupIDs)
	if in.NewGroup != nil {
		wanted := *in.NewGroup
		wanted.VPCID = vpcID
		made, err := createGroup(c, wanted)
		if err != nil {
			return nil, err
		}
		groups = append(groups, made.ID)
	}
	if len(groups) > 0 {
		return groups, nil
	}
	return defaultGroup(c, vpcID)
}
