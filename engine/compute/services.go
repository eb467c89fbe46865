package compute

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"elbow/engine/fault"
)

// Services lists the services that the machine has or could have. It works in every
// state in which there is a directory; only a running machine has active ones.
func (f *Fleet) Services(id string) ([]Service, error) {
	var list []Service
	err := f.withRoot(id, func(root *os.Root, super *supervisor) error {
		for _, u := range units() {
			s := Service{
				Name: u.name, Description: u.description, Port: u.port,
				Installed: installed(root, u.name), Enabled: enabled(root, u.name),
			}
			if super != nil {
				super.fill(&s)
			}
			list = append(list, s)
		}
		return nil
	})
	return list, err
}

// InstallService lays down the service's files, as a package manager would; what is
// there already stays. The machine must be running. It is idempotent, and neither starts
// nor enables the service.
func (f *Fleet) InstallService(ctx context.Context, id, name string) error {
	return f.command(ctx, id, name, func(u unit, root *os.Root, _ *supervisor) error {
		if installed(root, u.name) {
			return nil
		}
		return layDown(root, u.layer)
	})
}

// StartService starts an installed service of a running machine; one that is active is
// left alone.
func (f *Fleet) StartService(ctx context.Context, id, name string) error {
	return f.command(ctx, id, name, func(u unit, root *os.Root, super *supervisor) error {
		if !installed(root, u.name) {
			return notInstalled(name)
		}
		return startFault(u, super.start(u))
	})
}

// StopService stops a service of a running machine; requests in flight finish within 5 s.
// It stays enabled if it is, so that the next boot starts it.
func (f *Fleet) StopService(ctx context.Context, id, name string) error {
	return f.command(ctx, id, name, func(u unit, root *os.Root, super *supervisor) error {
		if !installed(root, u.name) {
			return notInstalled(name)
		}
		super.stopWithin(ctx, u.name)
		return nil
	})
}

// RestartService stops and starts a service of a running machine.
func (f *Fleet) RestartService(ctx context.Context, id, name string) error {
	return f.command(ctx, id, name, func(u unit, root *os.Root, super *supervisor) error {
		if !installed(root, u.name) {
			return notInstalled(name)
		}
		super.stopWithin(ctx, u.name)
		return startFault(u, super.start(u))
	})
}

// EnableService makes every later boot start the service. It works while the machine is
// stopped too.
func (f *Fleet) EnableService(ctx context.Context, id, name string) error {
	return f.onDisk(ctx, id, name, enable)
}

// DisableService makes later boots leave the service alone; it stays active if it is.
func (f *Fleet) DisableService(ctx context.Context, id, name string) error {
	return f.onDisk(ctx, id, name, disable)
}

// command does something to a service of a machine that is up, while nobody else moves
// the machine.
func (f *Fleet) command(ctx context.Context, id, name string, do func(unit, *os.Root, *supervisor) error) error {
	u, ok := lookupUnit(name)
	if !ok {
		return noSuchService(name)
	}
	m, ok := f.find(id)
	if !ok {
		return f.notRunning(id)
	}
	if err := m.takeBefore(ctx); err != nil {
		return err
	}
	defer m.yield()
	root, super, up := m.up()
	if !up {
		return f.notRunning(id)
	}
	if err := do(u, root, super); err != nil {
		return serviceFault(u, err)
	}
	f.changed(id)
	return nil
}

// onDisk changes whether a service is enabled, which is a matter of the file system alone.
func (f *Fleet) onDisk(ctx context.Context, id, name string, do func(*os.Root, string) error) error {
	if _, ok := lookupUnit(name); !ok {
		return noSuchService(name)
	}
	if m, ok := f.find(id); ok {
		if err := m.takeBefore(ctx); err != nil {
			return err
		}
		defer m.yield()
	}
	err := f.withRoot(id, func(root *os.Root, _ *supervisor) error {
		if !installed(root, name) {
			return notInstalled(name)
		}
		return do(root, name)
	})
	if err == nil {
		f.changed(id)
	}
	return err
}

// withRoot lends the machine's file system: the open one while it is up, else one opened
// for the moment, with no supervisor.
func (f *Fleet) withRoot(id string, do func(*os.Root, *supervisor) error) error {
	if m, ok := f.find(id); ok {
		if root, super, up := m.up(); up {
			return do(root, super)
		}
	}
	if !safeID(id) {
		return noSuchInstance(id)
	}
	err := fillDirectory(f.instanceDir(id), func(root *os.Root) error { return do(root, nil) })
	if errors.Is(err, fs.ErrNotExist) {
		return noSuchInstance(id)
	}
	return err
}

// notRunning is the fault for what only a running machine can do.
func (f *Fleet) notRunning(id string) error {
	state, known := f.State(id)
	switch {
	case known && state == Running:
		return fault.New(fault.Forbidden, "IncorrectInstanceState", "The instance '%s' is rebooting. Try again in a moment.", id)
	case known && state == Pending:
		return fault.New(fault.Forbidden, "IncorrectInstanceState", "The instance '%s' is still starting. Try again once it is running.", id)
	case known || safeID(id) && exists(f.instanceDir(id)):
		return fault.New(fault.Forbidden, "IncorrectInstanceState", "The instance '%s' is not running. Start it, then try again.", id)
	}
	return noSuchInstance(id)
}

func noSuchInstance(id string) error {
	return fault.New(fault.NotFound, "InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
}

func noSuchService(name string) error {
	return fault.New(fault.NotFound, "Service.NotFound", "There is no service %q. Services: httpd.", name).In("service")
}

func notInstalled(name string) error {
	return fault.New(fault.Conflict, "Service.NotInstalled", "The service %q is not installed. Install it first.", name).In("service")
}

// startFault says in which way a service did not come up.
func startFault(u unit, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if f, ok := fault.Of(err); ok {
		text = f.Message()
	}
	return fault.New(fault.Conflict, "Service.StartFailed", "The service %q did not start: %s.", u.name, text).In("service")
}

// serviceFault puts an error of the file system into words; faults pass as they are.
func serviceFault(u unit, err error) error {
	if _, ok := fault.Of(err); ok {
		return err
	}
	return fault.New(fault.Internal, "Service.Failed", "The service %q could not be changed: %s.", u.name, err.Error()).In("service")
}
