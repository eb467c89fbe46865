package engine

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

func TestFilesOfAnInstanceAreWrittenAndRecorded(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	if err := c.WriteFile(t.Context(), in.ID, "/home/ec2-user/index.html", strings.NewReader("hello"), ""); err != nil {
		t.Fatal(err)
	}
	if line := c.lastLine(); line.Operation != "WriteFile" || line.Resource != in.ID || line.Detail != "/home/ec2-user/index.html" || line.Result != "Success" {
		t.Errorf("the history says %+v", line)
	}
	file, stat, err := c.OpenFile(t.Context(), in.ID, "/home/ec2-user/index.html")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := io.ReadAll(file); string(text) != "hello" || err != nil || stat.Size != 5 {
		t.Errorf("read %q of %d bytes, %v", text, stat.Size, err)
	}
	list, err := c.Files(t.Context(), in.ID, "/home/ec2-user")
	if err != nil || !slices.ContainsFunc(list, func(f compute.File) bool { return f.Name == "index.html" }) {
		t.Errorf("listed %v, %v", list, err)
	}
}

func TestFilesAreMovedAndRemoved(t *testing.T) {
	c := newCloud(t)
	id := c.running(c.defaultGroupID()).ID
	ctx := t.Context()
	for _, err := range []error{
		c.MakeDirectory(ctx, id, "/srv/app"),
		c.WriteFile(ctx, id, "/srv/app/a", strings.NewReader("a"), compute.NewFile),
		c.RenameFile(ctx, id, "/srv/app/a", "/srv/app/b"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if f, err := c.StatFile(ctx, id, "/srv/app/b"); err != nil || f.Size != 1 {
		t.Errorf("stat %+v, %v", f, err)
	}
	if err := c.RemoveFile(ctx, id, "/srv/app"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.StatFile(ctx, id, "/srv/app/b"); err == nil {
		t.Error("a removed file is there")
	}
}

func TestServicesOfAnInstanceAreDriven(t *testing.T) {
	c := newCloud(t)
	id := c.running(c.defaultGroupID()).ID
	ctx := t.Context()
	for i, command := range []func(context.Context, string, string) error{
		c.InstallService, c.StartService, c.RestartService, c.EnableService,
	} {
		if err := command(ctx, id, "httpd"); err != nil {
			t.Fatal("command", i, err)
		}
	}
	if s := c.httpd(id); !s.Installed || !s.Active || !s.Enabled {
		t.Errorf("httpd is %+v", s)
	}
	if line := c.lastLine(); line.Operation != "EnableService" || line.Detail != "httpd" {
		t.Errorf("the history says %+v", line)
	}
	for _, err := range []error{c.StopService(ctx, id, "httpd"), c.DisableService(ctx, id, "httpd")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if s := c.httpd(id); s.Active || s.Enabled {
		t.Errorf("httpd is %+v", s)
	}
}

func (c cloud) httpd(id string) compute.Service {
	c.t.Helper()
	list, err := c.Services(c.t.Context(), id)
	at := slices.IndexFunc(list, func(s compute.Service) bool { return s.Name == "httpd" })
	if err != nil || at < 0 {
		c.t.Fatal(list, err)
	}
	return list[at]
}

func TestAnotherAccountsMachineIsOutOfReach(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	ctx := WithCaller(t.Context(), Caller{Scope: elsewhere(), Actor: "console"})
	for name, try := range map[string]func(id string) error{
		"list":     func(id string) error { _, err := c.Files(ctx, id, "/"); return err },
		"stat":     func(id string) error { _, err := c.StatFile(ctx, id, "/etc/passwd"); return err },
		"open":     func(id string) error { _, _, err := c.OpenFile(ctx, id, "/etc/passwd"); return err },
		"write":    func(id string) error { return c.WriteFile(ctx, id, "/srv/x", strings.NewReader("x"), "") },
		"mkdir":    func(id string) error { return c.MakeDirectory(ctx, id, "/srv/x") },
		"remove":   func(id string) error { return c.RemoveFile(ctx, id, "/etc") },
		"rename":   func(id string) error { return c.RenameFile(ctx, id, "/etc", "/gone") },
		"services": func(id string) error { _, err := c.Services(ctx, id); return err },
		"install":  func(id string) error { return c.InstallService(ctx, id, "httpd") },
	} {
		t.Run(name, func(t *testing.T) {
			for id, code := range map[string]string{
				in.ID:          "InvalidInstanceID.NotFound",
				ident.New("i"): "InvalidInstanceID.NotFound",
				"../../etc":    "InvalidInstanceID.Malformed",
			} {
				if err := try(id); fault.CodeOf(err) != code {
					t.Errorf("%s gives %v, want %s", id, err, code)
				}
			}
		})
	}
	if _, err := c.StatFile(t.Context(), in.ID, "/etc/passwd"); err != nil {
		t.Errorf("its owner finds it harmed: %v", err)
	}
}

func TestWhatIsRefusedInsideAnInstanceIsRecordedToo(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	c.refuses("InvalidPath.NotFound", func() error { return c.RemoveFile(t.Context(), in.ID, "/no/such/file") })
}

func TestMovesOfARunningInstance(t *testing.T) {
	c := newCloud(t)
	in := c.running(c.defaultGroupID())
	moved, err := c.RebootInstances(t.Context(), in.ID)
	if err != nil || moved[0].Current != compute.Running || c.instance(in.ID).Boots != in.Boots+1 {
		t.Errorf("rebooted: %v, %v", moved, err)
	}
	moved, err = c.StartInstances(t.Context(), in.ID)
	if err != nil || moved[0].Previous != compute.Running || moved[0].Current != compute.Running {
		t.Errorf("started: %v, %v", moved, err)
	}
	c.refuses("IncorrectInstanceState", func() error { return c.ModifyInstanceType(t.Context(), in.ID, "t3.micro") })
	if err := c.ModifyTerminationProtection(t.Context(), in.ID, true); err != nil {
		t.Error(err)
	}
	d := c.described(in.ID)[0]
	if d.State != compute.Running || d.StatusSummary == StatusNotApplicable || d.Failure != "" {
		t.Errorf("described %s, %s, %q", d.State, d.StatusSummary, d.Failure)
	}
	// Nothing reconciles here, so an instance asked to stop stays stopping.
	moved, err = c.StopInstances(t.Context(), in.ID)
	if err != nil || moved[0].Previous != compute.Running || moved[0].Current != compute.Stopping {
		t.Errorf("stopped: %v, %v", moved, err)
	}
	if moved, err = c.StopInstances(t.Context(), in.ID); err != nil || moved[0].Current != compute.Stopping {
		t.Errorf("stopped again: %v, %v", moved, err)
	}
	for name, refused := range map[string]func() error{
		"start":  func() error { _, err := c.StartInstances(t.Context(), in.ID); return err },
		"reboot": func() error { _, err := c.RebootInstances(t.Context(), in.ID); return err },
		"image": func() error {
			_, err := c.CreateImage(t.Context(), CreateImageInput{InstanceID: in.ID, Name: "image1"})
			return err
		},
	} {
		t.Run(name+" while stopping", func(t *testing.T) { c.with(t).refuses("IncorrectInstanceState", refused) })
	}
}
