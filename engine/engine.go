// Package engine is the control plane: operations named after AWS API actions, over an
// embedded cloud in which everything is real.
//
// A command is always the same walk: validate, commit, publish a key, kick the
// reconciler. The store holds what was asked for; the fleet, the edge and the fabric
// hold what is; a Description joins the two. The engine never sees HTTP or SQL. Every
// exported method of Engine is safe for concurrent use, and announces a change only
// after it is on disk.
package engine

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/event"
	"elbow/engine/fault"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/engine/pace"
)

// Config is what an engine is made of. All of it is required but Log and Now.
type Config struct {
	Store   Store
	Fabric  *network.Fabric
	Gateway *network.Gateway
	Dir     string // machine directories and snapshots live below it
	Scope   ident.Scope
	Domain  string // what public names end in, such as localhost
	Speed   float64
	Log     *slog.Logger
	Now     func() time.Time
}

// Engine is the control plane of one running cloud. Use New, then Start; Stop ends it.
type Engine struct {
	store   Store
	fabric  *network.Fabric
	gateway *network.Gateway
	fleet   *compute.Fleet
	edge    *elb.Edge
	pace    *pace.Pace
	bus     event.Bus
	scope   ident.Scope
	domain  string
	log     *slog.Logger
	now     func() time.Time

	balancers atomic.Pointer[map[string]string] // names of load balancers by DNS name, as of the last pass

	kicks    chan struct{}
	cancel   context.CancelFunc
	done     sync.WaitGroup
	captures captures
}

// Caller is who asks: the scope that everything is looked up in, and what the activity
// history records.
type Caller struct {
	Scope  ident.Scope
	Actor  string     // "console" for the web console
	Source netip.Addr // the client's address, unmapped
}

type callerKey struct{}

// WithCaller returns a context that carries the caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// caller is who asks; without one it is the engine itself, in its own scope.
func (e *Engine) caller(ctx context.Context) Caller {
	if c, ok := ctx.Value(callerKey{}).(Caller); ok {
		return c
	}
	return Caller{Scope: e.scope, Actor: "engine"}
}

// Subscribe starts a subscription to every change, which must be closed.
func (e *Engine) Subscribe() *event.Subscription { return e.bus.Subscribe() }

// Pace is how fast the cloud's own waits run.
func (e *Engine) Pace() *pace.Pace { return e.pace }

// Domain is what public names end in.
func (e *Engine) Domain() string { return e.domain }

// change is one command under way: a transaction, and what to record and announce once
// it is on disk.
type change struct {
	Tx
	at        time.Time
	scope     ident.Scope
	resources []string
	keys      []event.Key
}

// touch announces a change of the resource after the commit.
func (c *change) touch(noun, id string) { c.keys = append(c.keys, event.Key{Noun: noun, ID: id}) }

// about names what the operation was done to, for the activity history.
func (c *change) about(resource ...string) { c.resources = append(c.resources, resource...) }

// do runs one command: fn validates and writes in one transaction, which also takes the
// line of the activity history; then the changed keys are published and the reconciler
// kicked. A refusal leaves its own line and changes nothing else. detail says in one line
// what was asked, without secrets.
func (e *Engine) do(ctx context.Context, operation, detail string, fn func(*change) error) error {
	who := e.caller(ctx)
	c := &change{at: e.now(), scope: who.Scope}
	err := e.store.Update(ctx, who.Scope, func(tx Tx) error {
		c.Tx, c.resources, c.keys = tx, nil, nil
		if err := fn(c); err != nil {
			return err
		}
		return tx.AddActivity(e.activity(who, operation, detail, c, nil))
	})
	if err != nil {
		e.refused(ctx, who, operation, detail, c, err)
		return err
	}
	e.bus.Publish(append(c.keys, event.Key{Noun: "activity"})...)
	e.kick()
	return nil
}

// view runs fn in one read snapshot in the caller's scope.
func (e *Engine) view(ctx context.Context, fn func(Tx) error) error {
	return e.store.View(ctx, e.caller(ctx).Scope, fn)
}

// refused records a command that was not carried out. A history that cannot be written
// does not hide the refusal itself.
func (e *Engine) refused(ctx context.Context, who Caller, operation, detail string, c *change, cause error) {
	err := e.store.Update(context.WithoutCancel(ctx), who.Scope, func(tx Tx) error {
		return tx.AddActivity(e.activity(who, operation, detail, c, cause))
	})
	if err != nil {
		e.log.ErrorContext(ctx, "activity not recorded", "operation", operation, "err", err)
		return
	}
	e.bus.Publish(event.Key{Noun: "activity"})
}

func (e *Engine) activity(who Caller, operation, detail string, c *change, cause error) Activity {
	a := Activity{
		ID: ident.New("act"), At: c.at, Actor: who.Actor, Operation: operation,
		Resource: joined(c.resources), Result: "Success", Detail: clipped(detail, 500),
	}
	if who.Source.IsValid() {
		a.Source = who.Source.String()
	}
	if cause == nil {
		return a
	}
	a.Result = fault.CodeOf(cause)
	if f, ok := fault.Of(cause); ok {
		a.Message = clipped(f.Message(), 500)
	}
	return a
}

// kick asks for a pass of the reconciler soon; kicks that come together make one pass.
func (e *Engine) kick() {
	select {
	case e.kicks <- struct{}{}:
	default:
	}
}
