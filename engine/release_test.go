package engine

import (
	"context"
	"errors"
	"strings"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// watchedStore counts the write transactions, or refuses them.
type watchedStore struct {
	Store
	updates int
	refuse  error
}

func (s *watchedStore) Update(ctx context.Context, scope ident.Scope, fn func(Tx) error) error {
	s.updates++
	if s.refuse != nil {
		return s.refuse
	}
	return s.Store.Update(ctx, scope, fn)
}

func TestManyInstancesThatEndAtOnceAreWrittenTogether(t *testing.T) {
	c := newCloud(t)
	var steps []step
	for range 40 {
		steps = append(steps, step{verb: release, scope: c.scope, instance: c.inState(compute.ShuttingDown)})
	}
	watched := &watchedStore{Store: c.kept}
	c.store = watched
	r := &reconciler{engine: c.Engine, boots: map[string]int{}}
	r.bury(t.Context(), steps)
	for i := range steps {
		if in := c.instance(steps[i].instance.ID); in.Interface.PrivateIP.IsValid() {
			t.Fatalf("%s still holds %s", in.ID, in.Interface.PrivateIP)
		}
		steps[i].verb = forget
	}
	r.bury(t.Context(), steps)
	if watched.updates != 2 {
		t.Errorf("%d transactions, want one to release and one to forget", watched.updates)
	}
	if _, err := c.DescribeInstances(t.Context(), steps[0].instance.ID); fault.CodeOf(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("a forgotten instance is described: %v", err)
	}
}

func TestWhatWasDoneInsideAnInstanceIsNotDeniedWhereTheHistoryCannotBeWritten(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	c.store = &watchedStore{Store: c.kept, refuse: errors.New("the disk is full: nothing was changed")}
	if err := c.WriteFile(t.Context(), in.ID, "/tmp/page", strings.NewReader("hello"), ""); err != nil {
		t.Errorf("the file was written, and the answer is %v", err)
	}
	if _, err := c.StatFile(t.Context(), in.ID, "/tmp/page"); err != nil {
		t.Error(err)
	}
}
