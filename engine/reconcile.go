package engine

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/event"
	"elbow/engine/ident"
	"elbow/engine/pace"
)

// resync is how often the world is looked at without being asked: it heals whatever no
// event told of.
const resync = 30 * time.Second

// New makes an engine over the parts; nothing runs before Start.
func New(c Config) (*Engine, error) {
	e := &Engine{
		store: c.Store, fabric: c.Fabric, gateway: c.Gateway, scope: c.Scope, domain: c.Domain,
		log: c.Log, now: c.Now, pace: pace.New(c.Speed),
		kicks: make(chan struct{}, 1),
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	fleet, err := compute.NewFleet(compute.FleetConfig{
		Dir: filepath.Join(c.Dir, "machines"), Fabric: c.Fabric, Pace: e.pace, Changed: e.instanceMoved, Log: e.log, RefuseHost: c.Gateway.IsConsoleName,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the machine directory: %w", err)
	}
	e.fleet = fleet
	e.edge = elb.NewEdge(elb.EdgeConfig{
		Fabric: c.Fabric, Pace: e.pace, Changed: e.targetsMoved,
		RefuseHost: c.Gateway.IsConsoleName, CookiePrefix: "elbow_", Log: e.log,
	})
	return e, nil
}

// Start lays down what every account begins with, takes one pass over the world and
// keeps reconciling until Stop. Booting is an ordinary pass from an empty world, so a
// kill at any moment needs no repair job.
func (e *Engine) Start(ctx context.Context) error {
	if err := e.seed(ctx); err != nil {
		return err
	}
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r := &reconciler{engine: e, boots: map[string]int{}}
	if err := r.pass(ctx); err != nil {
		e.cancel()
		return err
	}
	e.done.Go(func() { r.run(ctx) })
	return nil
}

// Stop ends the reconciler, the load balancers and the machines, in that order, within
// the context. It is called once.
func (e *Engine) Stop(ctx context.Context) error {
	if e.cancel != nil {
		e.cancel()
	}
	e.done.Wait()
	e.captures.wait()
	edge := e.edge.Close(ctx)
	fleet := e.fleet.Close(ctx)
	if edge != nil {
		return edge
	}
	return fleet
}

// instanceMoved hears of a machine's change of state.
func (e *Engine) instanceMoved(id string) {
	e.bus.Publish(event.Key{Noun: "instance", ID: id})
	e.kick()
}

// targetsMoved hears of a change in a load balancer's health or listeners. The edge knows
// load balancers by their DNS names, everybody else by their names.
func (e *Engine) targetsMoved(dnsName string) {
	name := dnsName
	if names := e.balancers.Load(); names != nil {
		name = cmp.Or((*names)[dnsName], dnsName)
	}
	e.bus.Publish(event.Key{Noun: "load-balancer", ID: name})
}

// reconciler is the loop that makes what is follow what was asked. Only its own
// goroutine touches it.
type reconciler struct {
	engine *Engine
	boots  map[string]int // Boots that each machine was last started with
	swept  bool
}

func (r *reconciler) run(ctx context.Context) {
	tick := time.NewTicker(resync)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.engine.kicks:
		case <-tick.C:
		}
		if err := r.pass(ctx); err != nil && ctx.Err() == nil {
			r.engine.log.ErrorContext(ctx, "reconcile failed", "err", err)
		}
	}
}

// pass looks at the whole world once and makes the data planes follow. The order is the
// contract: addresses and rules first, then machines, then targets, then names, so that
// a name never leads to something that is not there yet.
func (r *reconciler) pass(ctx context.Context) error {
	e := r.engine
	w, err := e.store.World(ctx)
	if err != nil {
		return err
	}
	e.fabric.Apply(w.interfaces(), w.groups())
	steps := plan(w, r.actual(w))
	for _, s := range steps {
		r.do(ctx, s, w)
	}
	r.bury(ctx, steps)
	r.sweep(w)
	e.balancers.Store(w.balancers())
	e.edge.Apply(e.wanted(w))
	e.gateway.SetRoutes(e.routes(w))
	return nil
}

// actual reads what the plan needs to know of the machines.
func (r *reconciler) actual(w World) actual {
	is := actual{states: map[string]compute.State{}, boots: r.boots, captured: map[string]bool{}, bare: map[string]bool{}, now: r.engine.now()}
	for _, s := range w.Scopes {
		for _, in := range s.Instances {
			if state, ok := r.engine.fleet.State(in.ID); ok {
				is.states[in.ID] = state
			}
			if in.Goal == compute.Stop && !r.engine.fleet.Furnished(in.ID) {
				is.bare[in.ID] = true
			}
		}
		for _, image := range s.Images {
			if image.State == compute.ImagePending {
				is.captured[image.SnapshotID] = r.engine.fleet.HasSnapshot(image.SnapshotID)
			}
		}
	}
	return is
}

// do carries out one step on the machines; bury does those that end one. What fails shows
// as that resource's own reason, or is tried again at the next pass; the pass goes on.
func (r *reconciler) do(ctx context.Context, s step, w World) {
	e := r.engine
	switch s.verb {
	case capture:
		e.captures.begin(s.image.ID, func() { e.capture(ctx, s.scope, s.image) })
	case boot:
		e.fleet.Start(s.instance, w.source(s))
		r.boots[s.instance.ID] = s.instance.Boots
	case halt:
		e.fleet.Stop(s.instance, w.source(s))
	case destroy:
		e.fleet.Terminate(s.instance.ID)
	}
}

// sweep removes, once after a start, the directories that a crash left without an owner.
func (r *reconciler) sweep(w World) {
	if r.swept {
		return
	}
	r.swept = true
	var instances, snapshots []string
	for _, s := range w.Scopes {
		for _, in := range s.Instances {
			instances = append(instances, in.ID)
		}
		for _, snap := range s.Snapshots {
			snapshots = append(snapshots, snap.ID)
		}
	}
	r.engine.fleet.Sweep(instances, snapshots)
}

// captures counts the copies under way, one an image.
type captures struct {
	done sync.WaitGroup

	mu      sync.Mutex
	running map[string]bool // guarded by mu; by image id
}

// begin runs fn unless a capture of that image is already under way.
func (c *captures) begin(imageID string, fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[imageID] {
		return
	}
	if c.running == nil {
		c.running = map[string]bool{}
	}
	c.running[imageID] = true
	c.done.Go(func() {
		defer c.end(imageID)
		fn()
	})
}

func (c *captures) end(imageID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, imageID)
}

func (c *captures) wait() { c.done.Wait() }

// capture takes the copy that a pending image is owed, at once, then lets the cloud take
// its time before the image is available.
func (e *Engine) capture(ctx context.Context, scope ident.Scope, image compute.Image) {
	bytes, err := e.fleet.CaptureImage(ctx, image.SourceInstanceID, image.SnapshotID, !image.NoReboot)
	if err == nil {
		e.kick() // an instance may have been waiting for the copy
		err = e.pace.Wait(ctx, compute.CaptureWait)
	}
	if ctx.Err() != nil {
		return // stopping: the next start takes it up again
	}
	if err := e.settle(ctx, scope, image, bytes, err); err != nil {
		e.log.ErrorContext(ctx, "image not settled", "image", image.ID, "err", err)
	}
}

// settle writes that an image's copy is complete, or why there will be none.
func (e *Engine) settle(ctx context.Context, scope ident.Scope, image compute.Image, bytes int64, cause error) error {
	err := e.store.Update(ctx, scope, func(tx Tx) error {
		image, ok, err := tx.FindImage(image.ID)
		if err != nil || !ok {
			return err
		}
		snap, ok, err := tx.FindSnapshot(image.SnapshotID)
		if err != nil || !ok {
			return err
		}
		image.State, snap.State, snap.Bytes = compute.ImageAvailable, compute.SnapshotCompleted, bytes
		if cause != nil {
			image.State, snap.State, image.StateReason = compute.ImageFailed, compute.SnapshotError, cause.Error()
		}
		if err := tx.PutSnapshot(snap); err != nil {
			return err
		}
		return tx.PutImage(image)
	})
	if err == nil {
		e.bus.Publish(event.Key{Noun: "image", ID: image.ID}, event.Key{Noun: "snapshot", ID: image.SnapshotID})
		e.kick() // after a failure, too, the instance need not wait any more
	}
	return err
}
