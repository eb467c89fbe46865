package compute

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

func leftovers(c *cloud) []string {
	names, _ := filepath.Glob(filepath.Join(c.dir, "*", "*"))
	hidden, _ := filepath.Glob(filepath.Join(c.dir, "*", ".*"))
	var left []string
	for _, name := range append(names, hidden...) {
		rel, _ := filepath.Rel(c.dir, name)
		if !strings.HasPrefix(rel, "instances/i-") {
			left = append(left, rel)
		}
	}
	return left
}

func TestAServiceIsInstalledStartedEnabledAndStopped(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, plainImage)
	ctx := t.Context()
	steps := []struct {
		name string
		do   func(context.Context, string, string) error
		code string // of the refusal
		want [3]bool
	}{
		{"start before install", c.StartService, "Service.NotInstalled", [3]bool{false, false, false}},
		{"stop before install", c.StopService, "Service.NotInstalled", [3]bool{false, false, false}},
		{"enable before install", c.EnableService, "Service.NotInstalled", [3]bool{false, false, false}},
		{"install", c.InstallService, "", [3]bool{true, false, false}},
		{"install again", c.InstallService, "", [3]bool{true, false, false}},
		{"start", c.StartService, "", [3]bool{true, false, true}},
		{"start again", c.StartService, "", [3]bool{true, false, true}},
		{"enable", c.EnableService, "", [3]bool{true, true, true}},
		{"enable again", c.EnableService, "", [3]bool{true, true, true}},
		{"restart", c.RestartService, "", [3]bool{true, true, true}},
		{"stop", c.StopService, "", [3]bool{true, true, false}},
		{"stop again", c.StopService, "", [3]bool{true, true, false}},
		{"disable", c.DisableService, "", [3]bool{true, false, false}},
		{"disable again", c.DisableService, "", [3]bool{true, false, false}},
		{"restart when down", c.RestartService, "", [3]bool{true, false, true}},
	}
	for _, step := range steps {
		if err := step.do(ctx, in.ID, "httpd"); faultCode(err) != step.code {
			t.Fatalf("%s: %v", step.name, err)
		}
		s := c.service(in)
		if got := [3]bool{s.Installed, s.Enabled, s.Active}; got != step.want || s.Active == s.Since.IsZero() {
			t.Fatalf("%s: %+v, want %v", step.name, s, step.want)
		}
		if c.answers(in) != s.Active {
			t.Fatalf("%s: active is %v, answering %v", step.name, s.Active, c.answers(in))
		}
	}
	if err := c.StartService(ctx, in.ID, "nginx"); faultCode(err) != "Service.NotFound" {
		t.Errorf("unknown service: %v", err)
	}
}

func TestInstallingNeverReplacesWhatIsThere(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, plainImage)
	for _, dir := range []string{"/var/www", "/var/www/html", "/etc/httpd", "/etc/httpd/conf"} {
		if err := c.Mkdir(in.ID, dir); err != nil {
			t.Fatal(err)
		}
	}
	c.write(in, "/var/www/html/index.html", "mine")
	c.write(in, "/etc/httpd/conf/httpd.conf", "my settings")
	if err := c.InstallService(t.Context(), in.ID, "httpd"); err != nil {
		t.Fatal(err)
	}
	if err := c.StartService(t.Context(), in.ID, "httpd"); err != nil {
		t.Fatal(err)
	}
	settings, _, err := c.ReadFile(in.ID, "/etc/httpd/conf/httpd.conf", 100)
	if _, body := c.get(in, "/"); body != "mine" || string(settings) != "my settings" || err != nil {
		t.Fatalf("page %q, settings %q %v", body, settings, err)
	}
}

func TestAServiceThatCannotStartSaysWhyUntilItDoes(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	if err := c.StopService(t.Context(), in.ID, "httpd"); err != nil {
		t.Fatal(err)
	}
	if err := c.Remove(in.ID, "/var/log/httpd"); err != nil {
		t.Fatal(err)
	}
	err := c.StartService(t.Context(), in.ID, "httpd")
	if faultCode(err) != "Service.StartFailed" || !strings.Contains(err.Error(), "could not open access log file") {
		t.Fatalf("without a log directory: %v", err)
	}
	if s := c.service(in); s.Active || !strings.Contains(s.Failure, "access log") {
		t.Fatalf("%+v", s)
	}
	if err := c.Mkdir(in.ID, "/var/log/httpd"); err != nil {
		t.Fatal(err)
	}
	taken, err := c.fabric.Listen(in.Interface.ID, 80)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.StartService(t.Context(), in.ID, "httpd"); faultCode(err) != "Service.StartFailed" {
		t.Fatalf("with the port taken: %v", err)
	}
	taken.Close()
	if err := c.StartService(t.Context(), in.ID, "httpd"); err != nil || c.service(in).Failure != "" {
		t.Fatalf("once it can: %v %+v", err, c.service(in))
	}
}

func TestServicesNeedARunningInstanceExceptForListingAndEnabling(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	c.Stop(in, webImage)
	c.await(in.ID, Stopped)
	for name, do := range map[string]func(context.Context, string, string) error{
		"install": c.InstallService, "start": c.StartService, "stop": c.StopService, "restart": c.RestartService,
	} {
		if err := do(t.Context(), in.ID, "httpd"); faultCode(err) != "IncorrectInstanceState" {
			t.Errorf("%s while stopped: %v", name, err)
		}
	}
	if err := c.DisableService(t.Context(), in.ID, "httpd"); err != nil {
		t.Fatal(err)
	}
	if s := c.service(in); !s.Installed || s.Enabled || s.Active {
		t.Fatalf("while stopped: %+v", s)
	}
	in.Boots++
	c.Start(in, Source{})
	c.await(in.ID, Running)
	if c.answers(in) {
		t.Fatal("boot started a disabled service")
	}
	if _, err := c.Services("i-00000000000000bad"); faultCode(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("unknown instance: %v", err)
	}
}

func TestAServiceWhoseListenerIsTakenAwayIsShownAsFailed(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	c.Fleet.mu.Lock()
	m := c.machines[in.ID]
	c.Fleet.mu.Unlock()
	_, super, _ := m.up()
	super.mu.Lock()
	p := super.running["httpd"]
	super.mu.Unlock()
	p.listener.Close()
	c.eventually("the failure is shown", func() bool {
		s := c.service(in)
		return !s.Active && s.Failure != ""
	})
	if err := c.StartService(t.Context(), in.ID, "httpd"); err != nil || !c.answers(in) {
		t.Fatalf("starting it again: %v", err)
	}
}
