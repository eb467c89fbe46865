package engine

import (
	"context"
	"slices"

	"elbow/engine/compute"
	"elbow/engine/fault"
)

// The words of InstanceDescription.StatusSummary.
const (
	StatusInitializing  = "initializing"
	StatusOK            = "ok"
	StatusImpaired      = "impaired"
	StatusNotApplicable = "not-applicable" // it is not running
)

// httpPort is where an instance's web server answers.
const httpPort = 80

// InstanceDescription is an instance with what it is doing now.
type InstanceDescription struct {
	compute.Instance
	State         compute.State
	Status        compute.Status
	StatusSummary string            // one of the Status constants, a stable word
	ImageName     string            // empty when the image is gone
	GroupNames    map[string]string // by group id; the ids in order are Interface.Groups
	PublicDNS     string            // empty while there is no public address
	PrivateDNS    string            // empty once the private address is given back
	LoadBalancers []string          // names of those it is registered with, sorted
	Failure       string            // why the machine is not as it should be, empty when all is well
	DirectAddress string            // the loopback address that answers on this computer, or empty
	AMIGone       bool              // the image it was launched from was deregistered
}

// DescribeInstances returns the named instances in that order, or all of them, newest
// first. Faults: InvalidInstanceID.Malformed, InvalidInstanceID.NotFound. Source: EC2
// API, DescribeInstances.
func (e *Engine) DescribeInstances(ctx context.Context, ids ...string) ([]InstanceDescription, error) {
	var list []compute.Instance
	var near neighbourhood
	err := e.view(ctx, func(tx Tx) (err error) {
		if len(ids) == 0 {
			list, err = tx.Instances()
		} else {
			list, err = findInstances(tx, distinct(ids))
		}
		if err != nil {
			return err
		}
		near, err = neighbourhoodOf(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	// The machines are asked once the snapshot is closed: memory is not part of it.
	described := make([]InstanceDescription, len(list))
	for i, in := range list {
		described[i] = e.describeInstance(in, near)
	}
	return described, nil
}

// neighbourhood is what descriptions of instances name, by id.
type neighbourhood struct {
	imageNames map[string]string
	groupNames map[string]string
	balancers  map[string][]string // names, by instance id
}

func neighbourhoodOf(tx Tx) (neighbourhood, error) {
	s := neighbourhood{imageNames: map[string]string{}, groupNames: map[string]string{}, balancers: map[string][]string{}}
	images, err := tx.Images()
	if err != nil {
		return s, err
	}
	for _, image := range images {
		s.imageNames[image.ID] = image.Name
	}
	groups, err := tx.SecurityGroups()
	if err != nil {
		return s, err
	}
	for _, g := range groups {
		s.groupNames[g.ID] = g.Name
	}
	balancers, err := tx.LoadBalancers()
	for _, b := range balancers {
		for _, reg := range b.Registrations {
			s.balancers[reg.InstanceID] = append(s.balancers[reg.InstanceID], b.Name)
		}
	}
	return s, err
}

func (e *Engine) describeInstance(in compute.Instance, near neighbourhood) InstanceDescription {
	name, known := near.imageNames[in.ImageID]
	d := InstanceDescription{
		Instance: in, State: e.stateOf(in), Status: e.fleet.Status(in.ID),
		ImageName: name, AMIGone: !known,
		GroupNames: make(map[string]string, len(in.Interface.Groups)),
		PublicDNS:  e.publicDNS(in.Interface), PrivateDNS: e.privateDNS(in.Interface),
		LoadBalancers: slices.Sorted(slices.Values(near.balancers[in.ID])),
	}
	for _, id := range in.Interface.Groups {
		d.GroupNames[id] = near.groupNames[id]
	}
	d.Status.State = d.State
	d.StatusSummary = summary(d.State, d.Status.StatusCheck)
	d.Failure = d.Status.Failure
	if d.State == compute.Pending {
		d.StateReason = compute.Reason{Code: "pending", Message: "pending"}
	}
	if d.State == compute.Running && e.fabric.Direct(in.Interface.ID, httpPort) {
		d.DirectAddress = e.fabric.Loopback(in.Interface.PrivateIP).String()
	}
	return d
}

// summary is the stable word for the status checks of an instance in the given state.
func summary(s compute.State, check string) string {
	if s != compute.Running {
		return StatusNotApplicable
	}
	if check == StatusOK || check == StatusImpaired {
		return check
	}
	return StatusInitializing
}

// InstanceActions says of every action whether it does something on the instance now:
// nil, or the fault that says why not.
func InstanceActions(d InstanceDescription) map[compute.Action]error {
	reasons := map[compute.Action]error{}
	for _, a := range compute.Actions() {
		reasons[a] = may(a, d.Instance, d.State)
		if reasons[a] == nil && !a.Applies(d.State) {
			reasons[a] = fault.New(fault.Forbidden, "IncorrectInstanceState", "The instance '%s' is in the state '%s': there is nothing left to do.", d.ID, string(d.State))
		}
	}
	return reasons
}

// AllowedActions lists the actions that do something in a state, for lists, which look at
// neither protection nor reasons.
func AllowedActions(s compute.State) []compute.Action {
	return slices.DeleteFunc(compute.Actions(), func(a compute.Action) bool { return !a.Applies(s) })
}
