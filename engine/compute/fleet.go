package compute

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/engine/pace"
)

// DefaultMaxUpload is the largest file, in bytes, that WriteFile takes unless the
// configuration says otherwise.
const DefaultMaxUpload = 1 << 30

// FleetConfig is what a fleet is made of. Dir, Fabric and Pace are required.
type FleetConfig struct {
	Dir       string // instances and snapshots live below it; created when absent
	Fabric    *network.Fabric
	Pace      *pace.Pace
	Changed   func(instanceID string) // hears of every change of a machine, called without locks held; must not block
	Log       *slog.Logger
	MaxUpload int64 // bytes; 0 means DefaultMaxUpload
	// RefuseHost reports names that an instance must never answer to: the console's own,
	// whose cookies and origin they are. Nil refuses none.
	RefuseHost func(host string) bool
}

// Source is what a machine is made from when it has no directory yet.
type Source struct {
	Base       string // a base image's Dir; empty for one of the account's own images
	SnapshotID string // the copy behind the image; empty for a base image
	PublicKey  string // in authorized_keys form, added for the default user; may be empty
}

// Fleet owns every machine of one running cloud. Start, Stop and Terminate say what a
// machine shall do and return at once; State and Status say what it does. All methods
// are safe for concurrent use.
type Fleet struct {
	dir        string
	fabric     *network.Fabric
	pace       *pace.Pace
	changed    func(string)
	log        *slog.Logger
	maxUpload  int64
	refuseHost func(string) bool // nil refuses none
	run        string            // tells this process's temporary names from a crashed one's

	ctx     context.Context // done when the fleet closes
	cancel  context.CancelFunc
	patient context.Context // done once no request in flight may finish in its own time any more
	hurry   context.CancelFunc
	done    sync.WaitGroup // one for each machine's goroutine

	mu       sync.Mutex          // never held while something is done to a machine
	closed   bool                // guarded by mu
	machines map[string]*machine // guarded by mu
	captured map[string]bool     // guarded by mu; snapshots taken by this process
}

// NewFleet makes a fleet over a directory; no machine is known before it is asked for.
// It fails when the directory cannot be made or written.
func NewFleet(c FleetConfig) (*Fleet, error) {
	if c.Dir == "" || c.Fabric == nil || c.Pace == nil {
		return nil, errors.New("compute: Dir, Fabric and Pace are required")
	}
	f := &Fleet{
		dir: c.Dir, fabric: c.Fabric, pace: c.Pace, changed: c.Changed, log: c.Log, maxUpload: c.MaxUpload,
		refuseHost: c.RefuseHost, run: ident.New("run"), machines: map[string]*machine{}, captured: map[string]bool{},
	}
	if f.changed == nil {
		f.changed = func(string) {}
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.maxUpload == 0 {
		f.maxUpload = DefaultMaxUpload
	}
	for _, dir := range []string{f.instances(), f.snapshots()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.patient, f.hurry = context.WithCancel(context.Background())
	return f, f.probe()
}

// probe finds out whether the directory can be written, before anything depends on it.
func (f *Fleet) probe() error {
	name := f.temp(f.instances())
	if err := os.Mkdir(name, 0o700); err != nil {
		return fmt.Errorf("machine directory cannot be written: %w", err)
	}
	return os.Remove(name)
}

func (f *Fleet) instances() string            { return filepath.Join(f.dir, "instances") }
func (f *Fleet) snapshots() string            { return filepath.Join(f.dir, "snapshots") }
func (f *Fleet) instanceDir(id string) string { return filepath.Join(f.instances(), id) }
func (f *Fleet) snapshotDir(id string) string { return filepath.Join(f.snapshots(), id) }
func (f *Fleet) temp(below string) string     { return filepath.Join(below, ident.New(tempPrefix+f.run)) }
func (f *Fleet) listener(eni string) listenFunc {
	return func(p uint16) (net.Listener, error) { return f.fabric.Listen(eni, p) }
}

// listenFunc opens a port of one machine's interface.
type listenFunc = func(port uint16) (net.Listener, error)

// tempPrefix begins the name of everything that is not whole yet, or not any more.
const tempPrefix = ".tmp-"

// safeID reports whether an id can be the name of a directory and nothing else.
func safeID(id string) bool {
	return id != "" && !strings.HasPrefix(id, ".") && !strings.ContainsAny(id, "/\\\x00") && len(id) <= 255
}

// Start asks that the machine run: it gets its directory from src when it has none, boots,
// and starts its enabled services. A higher Boots than the machine was last started with
// is a reboot. It is idempotent; a machine that is stopping is started once it has stopped.
func (f *Fleet) Start(in Instance, src Source) {
	f.ask(in.ID, Pending, aim{goal: Run, boots: in.Boots, record: in, source: src})
}

// Stop asks that the machine stop. One that this process never started is stopped already.
// One that never came to its first boot gets its directory from src all the same: from
// then on it does not hang on its image any more, and can be copied.
func (f *Fleet) Stop(in Instance, src Source) {
	f.ask(in.ID, Stopped, aim{goal: Stop, record: in, source: src})
}

// Furnished reports whether the instance has its directory.
func (f *Fleet) Furnished(id string) bool { return safeID(id) && exists(f.instanceDir(id)) }

// Terminate asks that the machine stop for good and its directory be removed. It is
// final; for a machine without a directory it is done at once.
func (f *Fleet) Terminate(id string) {
	state := ShuttingDown
	if safeID(id) && !exists(f.instanceDir(id)) {
		state = Terminated
	}
	f.ask(id, state, aim{goal: Terminate})
}

// ask passes the aim to the machine, which begins in the given state if it is not known yet.
func (f *Fleet) ask(id string, state State, a aim) {
	if !safeID(id) {
		f.log.Error("instance id refused", "instance", id)
		return
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return
	}
	m, known := f.machines[id]
	if !known {
		m = newMachine(f, id, state)
		f.machines[id] = m
		m.ask(a, false)
		f.done.Go(m.work)
	}
	f.mu.Unlock()
	if known {
		m.ask(a, false)
	}
}

// Forget drops what is known of a terminated machine. Any other is left alone.
func (f *Fleet) Forget(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m, ok := f.machines[id]; ok && m.at(Terminated) {
		delete(f.machines, id)
	}
}

// State is the state of a machine; false when this process was never asked for it.
func (f *Fleet) State(id string) (State, bool) {
	m, ok := f.find(id)
	if !ok {
		return "", false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, true
}

func (f *Fleet) find(id string) (*machine, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.machines[id]
	return m, ok
}

func exists(dir string) bool {
	_, err := os.Lstat(dir)
	return err == nil
}

// Close stops every machine's services, lets requests in flight finish for half of the
// time that ctx leaves, cuts the rest, and waits for every goroutine of the fleet until
// ctx is done, whose error it then returns. Directories stay: the next process starts the
// machines again.
func (f *Fleet) Close(ctx context.Context) error {
	f.mu.Lock()
	f.closed = true
	machines := make([]*machine, 0, len(f.machines))
	for _, m := range f.machines {
		machines = append(machines, m)
	}
	f.mu.Unlock()
	f.cancel()
	if deadline, ok := ctx.Deadline(); ok {
		defer time.AfterFunc(time.Until(deadline)/2, f.hurry).Stop()
	}
	ended := make(chan struct{})
	go func() { // ends with the machines: each is down within the grace of its services, or at once in a hurry
		defer close(ended)
		f.done.Wait()
		var downs sync.WaitGroup
		for _, m := range machines {
			downs.Go(func() { m.bringDown(ctx) })
		}
		downs.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
