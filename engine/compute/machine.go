package compute

import (
	"context"
	"os"
	"sync"
	"time"

	"elbow/engine/fault"
)

// How long the cloud takes, in its own time.
const (
	bootWait      = 8 * time.Second
	stopWait      = 5 * time.Second
	terminateWait = 4 * time.Second
	checkWait     = time.Minute // between two status checks, and before the first
)

// How long a step that failed waits before it is tried again, on the wall clock: the
// first delay doubles up to the last.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// minCheckWait is the shortest time between two status checks on the wall clock, however
// fast the cloud runs.
const minCheckWait = 5 * time.Second

// aim is the latest thing asked of a machine. Its context ends when something else is
// asked, or when the fleet closes.
type aim struct {
	goal   Goal
	boots  int
	record Instance
	source Source
	ctx    context.Context
	cancel context.CancelFunc
}

// checks are the two status checks of a running machine.
type checks struct {
	done           bool // false while initializing
	system, inside bool
}

// machine is one instance alive: a directory, its services, and one goroutine that does
// what was asked last. The fleet owns it.
type machine struct {
	id    string
	fleet *Fleet

	// turn is held by whoever moves the services or the directory: the machine's own
	// goroutine, a capture, or a person's service command. Nobody waits for the cloud's
	// time while holding it.
	turn chan struct{}
	kick chan struct{}

	// writing is held from the last look at a file to its replacement, so that of two
	// people who save the same file one hears of the other.
	writing sync.Mutex

	mu      sync.Mutex
	aim     *aim        // guarded by mu; the latest
	state   State       // guarded by mu
	since   time.Time   // guarded by mu; when state began
	failure string      // guarded by mu; why the last attempt at the aim failed
	checks  checks      // guarded by mu
	booted  int         // guarded by mu; Boots of the boot under way
	root    *os.Root    // guarded by mu; nil while the machine is not up
	super   *supervisor // guarded by mu; nil while the machine is not up
}

func newMachine(f *Fleet, id string, state State) *machine {
	return &machine{id: id, fleet: f, state: state, since: time.Now(), turn: make(chan struct{}, 1), kick: make(chan struct{}, 1)}
}

// ask sets what the machine shall do; asking for the same again changes nothing, unless
// anew. Termination is final.
func (m *machine) ask(next aim, anew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last := m.aim; last != nil {
		same := last.goal == next.goal && last.boots >= next.boots
		if last.goal == Terminate || same && !anew {
			return
		}
		last.cancel()
	}
	next.ctx, next.cancel = context.WithCancel(m.fleet.ctx)
	m.aim = &next
	select {
	case m.kick <- struct{}{}:
	default:
	}
}

// again enters the present aim once more, as after a reboot that nobody asked for by Boots.
func (m *machine) again() {
	m.mu.Lock()
	last := m.aim
	m.mu.Unlock()
	if last != nil {
		m.ask(*last, true)
	}
}

// work does what was asked last until the machine is terminated or the fleet closes.
func (m *machine) work() {
	var served *aim
	for {
		a := m.latest()
		if a == served {
			select {
			case <-m.fleet.ctx.Done():
				return
			case <-m.kick:
			}
			continue
		}
		served = a
		m.pursue(a)
		a.cancel()
		if m.at(Terminated) || m.fleet.ctx.Err() != nil {
			return
		}
	}
}

func (m *machine) latest() *aim {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.aim
}

func (m *machine) at(s State) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state == s
}

// pursue works on one aim until it is reached, or until another one takes its place.
// What fails is shown as the machine's failure and tried again.
func (m *machine) pursue(a *aim) {
	retry := firstRetry
	for {
		err := m.attempt(a)
		if err == nil || a.ctx.Err() != nil {
			return
		}
		m.failed(err)
		select {
		case <-a.ctx.Done():
			return
		case <-time.After(retry):
		}
		retry = min(2*retry, lastRetry)
	}
}

func (m *machine) attempt(a *aim) error {
	switch a.goal {
	case Run:
		if err := m.run(a); err != nil {
			return err
		}
		m.watch(a.ctx)
		return nil
	case Stop:
		return m.halt(a)
	default:
		return m.destroy(a.ctx)
	}
}

// run brings the machine up, from wherever it is.
func (m *machine) run(a *aim) error {
	switch {
	case m.at(Running) && m.bootedWith() >= a.boots:
		return nil
	case m.at(Running):
		m.bringDown(context.WithoutCancel(a.ctx))
		m.fleet.changed(m.id)
	case m.at(Stopping):
		if err := m.halt(a); err != nil {
			return err
		}
		m.move(Pending)
	default:
		m.move(Pending)
	}
	if err := m.furnish(a); err != nil {
		return err
	}
	if err := m.fleet.pace.Wait(a.ctx, bootWait); err != nil {
		return err
	}
	if err := m.bringUp(a); err != nil {
		return err
	}
	m.move(Running)
	return nil
}

func (m *machine) bootedWith() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.booted
}

// furnish gives the machine its directory, and the directory what belongs to this boot.
func (m *machine) furnish(a *aim) error {
	m.take()
	defer m.yield()
	return m.fleet.furnish(a.ctx, a.record, a.source)
}

// bringUp opens the machine's file system and starts its enabled services. A machine
// whose interface is not in the fabric is not up: nothing could reach it.
func (m *machine) bringUp(a *aim) error {
	m.take()
	defer m.yield()
	eni := a.record.Interface.ID
	if _, ok := m.fleet.fabric.Interface(eni); !ok {
		return fault.New(fault.Internal, "Server.InternalError", "The network interface %q is not attached to the network.", eni)
	}
	root, err := os.OpenRoot(m.fleet.instanceDir(m.id))
	if err != nil {
		return err
	}
	super := newSupervisor(root, m.fleet.listener(eni), m.fleet.refuseHost, func() { m.fleet.changed(m.id) }, m.fleet.log.With("instance", m.id))
	super.startEnabled()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.root, m.super, m.booted, m.checks = root, super, a.boots, checks{}
	return nil
}

// bringDown stops the services, requests in flight first, and closes the file system.
// It is idempotent, and finished within the grace of services or ctx, whichever is
// shorter, and soon when the fleet is in a hurry.
func (m *machine) bringDown(ctx context.Context) {
	m.take()
	defer m.yield()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(m.fleet.patient, cancel)()
	m.mu.Lock()
	root, super := m.root, m.super
	m.root, m.super = nil, nil
	m.mu.Unlock()
	if super == nil {
		return
	}
	super.stopAll(ctx)
	_ = root.Close() // nothing was written through it that a close could lose
}

// halt stops the machine, and sees to it that it has a directory.
func (m *machine) halt(a *aim) error {
	if !m.at(Stopped) {
		m.move(Stopping)
		m.bringDown(context.WithoutCancel(a.ctx))
		if err := m.fleet.pace.Wait(a.ctx, stopWait); err != nil {
			return err
		}
		m.move(Stopped)
	}
	if m.fleet.Furnished(m.id) {
		return nil
	}
	if err := m.furnish(a); err != nil {
		return err
	}
	m.move(Stopped) // without the failure, if it took several attempts
	return nil
}

// destroy stops the machine and removes its directory.
func (m *machine) destroy(ctx context.Context) error {
	if m.at(Terminated) {
		m.fleet.changed(m.id) // it was so at once, and nobody has heard
		return nil
	}
	m.move(ShuttingDown)
	m.bringDown(context.WithoutCancel(ctx))
	m.take()
	err := m.fleet.discard(m.fleet.instanceDir(m.id))
	m.yield()
	if err != nil {
		return err
	}
	if err := m.fleet.pace.Wait(ctx, terminateWait); err != nil {
		return err
	}
	m.move(Terminated)
	return nil
}

// move enters a state and announces it, the second without a lock. A failure is shown
// until a state is reached, through every attempt at it.
func (m *machine) move(to State) {
	m.mu.Lock()
	if m.state != to {
		m.state, m.since, m.failure = to, time.Now(), ""
	}
	if to == Running || to == Stopped {
		m.failure = "" // a reboot keeps the state, and so does a late first directory
	}
	m.mu.Unlock()
	m.fleet.changed(m.id)
}

// failed keeps why the aim is not reached yet, in words for a person, and announces it.
func (m *machine) failed(err error) {
	text := err.Error()
	if f, ok := fault.Of(err); ok {
		text = f.Message()
	}
	m.fleet.log.Error("machine failed", "instance", m.id, "err", err)
	m.mu.Lock()
	m.failure = text
	m.mu.Unlock()
	m.fleet.changed(m.id)
}

func (m *machine) take()  { m.turn <- struct{}{} }
func (m *machine) yield() { <-m.turn }

// takeBefore takes the turn unless ctx is done first.
func (m *machine) takeBefore(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// up returns the open file system and the supervisor while the machine is up.
func (m *machine) up() (*os.Root, *supervisor, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.root, m.super, m.root != nil && m.state == Running
}
