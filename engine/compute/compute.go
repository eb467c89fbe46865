// Package compute owns instances and images: the state machine, the machine behind an
// instance (a directory and the services in it), and images as point-in-time copies.
//
// It never knows load balancers and never reads the store. Records in this file are
// plain values; the live thing is Fleet, which owns every machine and is safe for
// concurrent use.
package compute

import (
	"time"

	"elbow/engine/network"
)

// Goal is what was asked of an instance, and what survives a restart of the product.
type Goal string

// The goals of an instance.
const (
	Run       Goal = "run"
	Stop      Goal = "stop"
	Terminate Goal = "terminate"
)

// State is what an instance is doing now. The words are AWS's; see Code for the numbers.
type State string

// The states of an instance.
const (
	Pending      State = "pending"
	Running      State = "running"
	ShuttingDown State = "shutting-down"
	Terminated   State = "terminated"
	Stopping     State = "stopping"
	Stopped      State = "stopped"
)

// Reason says why an instance last changed its state, in AWS's code and sentence, such as
// Client.UserInitiatedShutdown.
type Reason struct {
	Code    string
	Message string
}

// Instance is the record of one instance: what was asked for.
type Instance struct {
	ID                    string // i-
	ReservationID         string // r-
	LaunchIndex           int    // its place among the instances of one RunInstances call, from 0
	ImageID               string
	Type                  string // a name in InstanceTypes, such as t2.micro
	KeyName               string // empty when launched without a key pair
	PublicKey             string // that key pair's at launch, in authorized_keys form: the key pair may be gone by the first boot
	Interface             network.Interface
	AutoPublicIP          bool   // a public address at launch, and so a new one at each start
	UserData              []byte // at most 16 KiB; stored, secret
	DisableApiTermination bool
	ShutdownBehavior      string // stop or terminate
	Goal                  Goal
	// Boots counts launch, starts and reboots: a machine whose boot differs from the
	// record's is started anew, which is how a reboot survives a restart of the product.
	Boots                 int
	StateReason           Reason
	StateTransitionReason string // "User initiated (2026-11-23 10:15:30 GMT)" or empty
	LaunchTime            time.Time
	TerminatedAt          time.Time // zero until Goal is Terminate; the row goes an hour later
	RootVolumeID          string    // vol-
	Tags                  map[string]string
}

// Name is the Name tag.
func (i Instance) Name() string { return i.Tags["Name"] }

// ImageState is the state of an image.
type ImageState string

// The states of an image.
const (
	ImagePending   ImageState = "pending"
	ImageAvailable ImageState = "available"
	ImageFailed    ImageState = "failed"
)

// Image is an AMI: a point-in-time copy of an instance's file system and enabled services.
// State is intent and fact at once: pending means that the copy is still owed.
type Image struct {
	ID               string // ami-
	Name             string // 3 to 128 characters, unique for the account and Region
	Description      string
	State            ImageState
	StateReason      string // why it failed
	SourceInstanceID string // empty for a base image
	SnapshotID       string // empty for a base image
	OwnerAlias       string // "amazon"-like alias of base images; empty for the account's own
	Base             string // directory name of an embedded base image, or empty
	NoReboot         bool
	CreatedAt        time.Time
	Tags             map[string]string
}

// SnapshotState is the state of a snapshot.
type SnapshotState string

// The states of a snapshot.
const (
	SnapshotPending   SnapshotState = "pending"
	SnapshotCompleted SnapshotState = "completed"
	SnapshotError     SnapshotState = "error"
)

// Snapshot is the stored copy behind an image.
type Snapshot struct {
	ID          string // snap-
	VolumeID    string
	Description string
	State       SnapshotState
	SizeGiB     int
	Bytes       int64 // what the copy really holds
	StartedAt   time.Time
	Tags        map[string]string
}

// KeyPair is the public half of a key pair; the private half is given out once and never kept.
type KeyPair struct {
	ID          string // key-
	Name        string
	Type        string // rsa or ed25519
	Fingerprint string
	PublicKey   string // in authorized_keys form
	CreatedAt   time.Time
	Tags        map[string]string
}
