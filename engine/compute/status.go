package compute

import (
	"context"
	"time"
)

// The words of Status.StatusCheck, AWS's summary values. Source: EC2 API, SummaryStatus.
const (
	CheckInitializing  = "initializing"
	CheckOK            = "ok"
	CheckImpaired      = "impaired"
	CheckNotApplicable = "not-applicable"
)

// Status is what a machine is doing now.
type Status struct {
	State       State
	Since       time.Time // when State began
	StatusCheck string    // one of the Check words; not-applicable unless running
	SystemOK    bool      // the interface is reachable in the fabric
	InstanceOK  bool      // the file system answers
	Failure     string    // why the machine is not yet where it should be, or empty
}

// Status is what the machine is doing; the zero Status when none is known.
func (f *Fleet) Status(id string) Status {
	m, ok := f.find(id)
	if !ok {
		return Status{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Status{State: m.state, Since: m.since, StatusCheck: CheckNotApplicable, Failure: m.failure}
	if m.state != Running {
		return s
	}
	s.SystemOK, s.InstanceOK = m.checks.system, m.checks.inside
	switch {
	case !m.checks.done:
		s.StatusCheck = CheckInitializing
	case s.SystemOK && s.InstanceOK:
		s.StatusCheck = CheckOK
	default:
		s.StatusCheck = CheckImpaired
	}
	return s
}

// watch runs the status checks of a running machine until ctx is done: the first after a
// minute of the cloud's time, as at AWS, then one a minute.
func (m *machine) watch(ctx context.Context) {
	m.note(checks{})
	for {
		begun := time.Now()
		if m.fleet.pace.Wait(ctx, checkWait) != nil {
			return
		}
		if m.checked() && !rest(ctx, minCheckWait-time.Since(begun)) {
			return
		}
		m.note(m.examine())
	}
}

func (m *machine) checked() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.checks.done
}

// rest waits on the wall clock and reports whether it came to the end of it.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// examine looks whether the machine's interface is in the network, and whether its file
// system can be read.
func (m *machine) examine() checks {
	c := checks{done: true}
	m.mu.Lock()
	root, a := m.root, m.aim
	m.mu.Unlock()
	if a != nil {
		_, c.system = m.fleet.fabric.Interface(a.record.Interface.ID)
	}
	if root != nil {
		_, err := root.Stat("etc")
		c.inside = err == nil
	}
	return c
}

// note keeps the result of the checks, and announces it when it is news.
func (m *machine) note(c checks) {
	m.mu.Lock()
	news := m.checks != c
	m.checks = c
	m.mu.Unlock()
	if news {
		m.fleet.changed(m.id)
	}
}
