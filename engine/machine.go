package engine

import (
	"context"
	"io"

	"elbow/engine/compute"
	"elbow/engine/event"
)

// Files lists a directory of the instance's file system, which can be looked into while
// the instance runs. Faults: InvalidInstanceID.*, IncorrectInstanceState, and the
// fleet's own for the path.
func (e *Engine) Files(ctx context.Context, id, dir string) ([]compute.File, error) {
	if err := e.own(ctx, id); err != nil {
		return nil, err
	}
	return e.fleet.List(id, dir)
}

// StatFile describes one file. Faults as for Files.
func (e *Engine) StatFile(ctx context.Context, id, path string) (compute.File, error) {
	if err := e.own(ctx, id); err != nil {
		return compute.File{}, err
	}
	return e.fleet.Stat(id, path)
}

// OpenFile opens a file for reading; the caller closes it. Faults as for Files.
func (e *Engine) OpenFile(ctx context.Context, id, path string) (io.ReadSeekCloser, compute.File, error) {
	if err := e.own(ctx, id); err != nil {
		return nil, compute.File{}, err
	}
	return e.fleet.OpenFile(id, path)
}

// WriteFile replaces a file's content, whole or not at all. ifMatch is the ETag of what
// was opened, compute.NewFile when there must be none yet, or empty to write whatever is
// there. Faults as for Files, and a conflict when the file changed meanwhile.
func (e *Engine) WriteFile(ctx context.Context, id, path string, content io.Reader, ifMatch string) error {
	return e.act(ctx, "WriteFile", id, path, func() error { return e.fleet.WriteFile(id, path, content, ifMatch) })
}

// MakeDirectory makes a directory. Faults as for Files.
func (e *Engine) MakeDirectory(ctx context.Context, id, path string) error {
	return e.act(ctx, "MakeDirectory", id, path, func() error { return e.fleet.Mkdir(id, path) })
}

// RemoveFile removes a file, or a directory with all in it. Faults as for Files.
func (e *Engine) RemoveFile(ctx context.Context, id, path string) error {
	return e.act(ctx, "RemoveFile", id, path, func() error { return e.fleet.Remove(id, path) })
}

// RenameFile moves a file or directory within the instance. Faults as for Files.
func (e *Engine) RenameFile(ctx context.Context, id, from, to string) error {
	return e.act(ctx, "RenameFile", id, from+" to "+to, func() error { return e.fleet.Rename(id, from, to) })
}

// Services lists the services that the instance has or could install. Faults:
// InvalidInstanceID.*, and the fleet's own.
func (e *Engine) Services(ctx context.Context, id string) ([]compute.Service, error) {
	if err := e.own(ctx, id); err != nil {
		return nil, err
	}
	return e.fleet.Services(id)
}

// InstallService installs a service on a running instance, as yum install does.
func (e *Engine) InstallService(ctx context.Context, id, name string) error {
	return e.act(ctx, "InstallService", id, name, func() error { return e.fleet.InstallService(ctx, id, name) })
}

// StartService starts an installed service, as systemctl start does.
func (e *Engine) StartService(ctx context.Context, id, name string) error {
	return e.act(ctx, "StartService", id, name, func() error { return e.fleet.StartService(ctx, id, name) })
}

// StopService stops a service once the requests in flight are answered.
func (e *Engine) StopService(ctx context.Context, id, name string) error {
	return e.act(ctx, "StopService", id, name, func() error { return e.fleet.StopService(ctx, id, name) })
}

// RestartService stops and starts a service.
func (e *Engine) RestartService(ctx context.Context, id, name string) error {
	return e.act(ctx, "RestartService", id, name, func() error { return e.fleet.RestartService(ctx, id, name) })
}

// EnableService makes a service start at each boot, of copies of this instance too.
func (e *Engine) EnableService(ctx context.Context, id, name string) error {
	return e.act(ctx, "EnableService", id, name, func() error { return e.fleet.EnableService(ctx, id, name) })
}

// DisableService makes a service start at boot no longer.
func (e *Engine) DisableService(ctx context.Context, id, name string) error {
	return e.act(ctx, "DisableService", id, name, func() error { return e.fleet.DisableService(ctx, id, name) })
}

// own refuses instances that are not in the caller's scope: the fleet knows no scopes.
func (e *Engine) own(ctx context.Context, id string) error {
	return e.view(ctx, func(tx Tx) error {
		_, err := findInstance(tx, id)
		return err
	})
}

// act does something inside an instance, then records it with its result. The work is
// done outside the transaction: an upload may take minutes, and blocks nobody. What was
// done is recorded even when the caller has left meanwhile, and stays done where the
// history cannot be written: that is logged, since saying that nothing changed would be
// a lie.
func (e *Engine) act(ctx context.Context, operation, id, detail string, fn func() error) error {
	err := e.own(ctx, id)
	if err == nil {
		err = fn()
	}
	recorded := e.do(context.WithoutCancel(ctx), operation, detail, func(c *change) error {
		c.aboutAsked([]string{id})
		c.touch("instance", id)
		return err
	})
	if err == nil && recorded != nil {
		e.log.ErrorContext(ctx, "activity not recorded", "operation", operation, "err", recorded)
		e.bus.Publish(event.Key{Noun: "instance", ID: id})
	}
	return err
}
