package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"elbow/store"
)

// environment is an environment with nothing in it but the given variables.
func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for _, pair := range pairs {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value
			}
		}
		return ""
	}
}

// ran is what a run of the command wrote, and its status.
type ran struct {
	status    int
	out, errs string
}

func runWith(t *testing.T, env func(string) string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errs strings.Builder
	status := run(ctx, args, env, &out, &errs)
	if ctx.Err() != nil {
		t.Fatalf("elbow %q did not end by itself", args)
	}
	return ran{status, out.String(), errs.String()}
}

// wantComplaint fails the test unless the command ended with the status and one line of
// complaint that says the words.
func (r ran) wantComplaint(t *testing.T, status int, words ...string) {
	t.Helper()
	if r.status != status || r.out != "" || strings.Count(r.errs, "\n") != 1 || !strings.HasPrefix(r.errs, "elbow: ") {
		t.Fatalf("status %d, output %q, complaint %q; want status %d and one line", r.status, r.out, r.errs, status)
	}
	for _, word := range words {
		if !strings.Contains(r.errs, word) {
			t.Errorf("the complaint %q does not say %q", r.errs, word)
		}
	}
}

func TestAnUnusableFlagIsAMistakeInWhatWasTyped(t *testing.T) {
	for _, c := range []struct {
		args string
		says []string
	}{
		{"--listen 8080", []string{"--listen", `"8080"`}},
		{"--listen :99999", []string{"--listen", `"99999"`}},
		{"--listen :http", []string{"--listen", `"http"`}},
		{"--listen :8080 --listen :-1", []string{"--listen", `"-1"`}},
		{"--listen :8080,nonsense", []string{"--listen", `"nonsense"`}},
		{"--host a..b", []string{"--host", `"a..b"`}},
		{"--host *.test", []string{"--host", `"*.test"`}},
		{"--host https://elbow.test", []string{"--host", `"https://elbow.test"`}},
		{"--domain local_host", []string{"--domain", `"local_host"`}},
		{"--region tokyo", []string{"--region", `"tokyo"`}},
		{"--region ap-northeast-1a", []string{"--region", `"ap-northeast-1a"`}},
		{"--ports 20000", []string{"--ports", `"20000"`}},
		{"--ports 0-10", []string{"--ports", `"0-10"`}},
		{"--ports 30-20", []string{"--ports", `"30-20"`}},
		{"--ports 1-65536", []string{"--ports", `"1-65536"`}},
		{"--speed 0", []string{"--speed", "0"}},
		{"--speed -1", []string{"--speed", "-1"}},
		{"--speed NaN", []string{"--speed", "NaN"}},
		{"--speed Inf", []string{"--speed", "Inf"}},
		{"--speed fast", []string{"speed", `"fast"`}},
		{"--log-level loud", []string{"log-level", `"loud"`}},
		{"--data=", []string{"--data"}},
		{"--version=perhaps", []string{"version", `"perhaps"`}},
		{"--color", []string{"color"}},
		{"--data", []string{"data"}},
		{"start", []string{`"start"`, "--help"}},
		{"check now", []string{`"now"`}},
		{"healthcheck --listen nowhere", []string{"--listen", `"nowhere"`}},
	} {
		t.Run(c.args, func(t *testing.T) {
			runWith(t, environment(), strings.Fields(c.args)...).wantComplaint(t, 2, c.says...)
		})
	}
}

func TestTheEnvironmentSpeaksWhereNoFlagDoes(t *testing.T) {
	busy := busyPort(t)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		env    []string
		args   []string
		status int
		says   []string
	}{
		"listen":           {[]string{"ELBOW_LISTEN=" + busy}, []string{"--data", dir}, 1, []string{busy}},
		"listen, several":  {[]string{"ELBOW_LISTEN=127.0.0.1:0, " + busy}, []string{"--data", dir}, 1, []string{busy}},
		"data":             {[]string{"ELBOW_DATA=/dev/null"}, nil, 1, []string{"/dev/null"}},
		"host":             {[]string{"ELBOW_HOST=elbow.test,a b"}, nil, 2, []string{`"a b"`}},
		"domain":           {[]string{"ELBOW_DOMAIN=a b"}, nil, 2, []string{`"a b"`}},
		"region":           {[]string{"ELBOW_REGION=tokyo"}, nil, 2, []string{`"tokyo"`}},
		"ports":            {[]string{"ELBOW_PORTS=1"}, nil, 2, []string{`"1"`}},
		"speed":            {[]string{"ELBOW_SPEED=fast"}, nil, 2, []string{"ELBOW_SPEED", `"fast"`}},
		"log level":        {[]string{"ELBOW_LOG_LEVEL=loud"}, nil, 2, []string{"ELBOW_LOG_LEVEL", `"loud"`}},
		"a flag over it":   {[]string{"ELBOW_LISTEN=nonsense"}, []string{"--listen", busy, "--data", dir}, 1, []string{busy}},
		"state directory":  {[]string{"XDG_STATE_HOME=/dev/null"}, []string{"--listen", busy}, 1, []string{"/dev/null/elbow"}},
		"check's own data": {[]string{"ELBOW_DATA=" + dir + "/none"}, []string{"check"}, 1, []string{dir + "/none"}},
	} {
		t.Run(name, func(t *testing.T) {
			runWith(t, environment(c.env...), c.args...).wantComplaint(t, c.status, c.says...)
		})
	}
}

func TestVersionAndHelpSucceed(t *testing.T) {
	for _, r := range []ran{runWith(t, environment(), "--version"), runWith(t, environment("ELBOW_VERSION=true"))} {
		if want := "elbow " + version + "\n"; r != (ran{0, want, ""}) {
			t.Errorf("--version ends with %+v", r)
		}
	}
	r := runWith(t, environment(), "--help")
	for _, flag := range []string{"listen", "data", "host", "domain", "region", "ports", "speed", "log-level", "version"} {
		if !strings.Contains(r.errs, "-"+flag+" ") && !strings.Contains(r.errs, "-"+flag+"\n") {
			t.Errorf("--help does not name --%s:\n%s", flag, r.errs)
		}
	}
	if r.status != 0 {
		t.Errorf("--help ends with status %d", r.status)
	}
}

// busyPort is an address that something else listens on.
func busyPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestWhatCannotBeServedEndsInOneLine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	machines := filepath.Join(dir, "machines-are-a-file")
	if err := os.Mkdir(machines, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(machines, "machines"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(dir, "locked")
	db, err := store.Open(t.Context(), locked)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	newer, damaged := stoppedProduct(t), stoppedProduct(t)
	edit(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, 1)`)
	if err := os.WriteFile(filepath.Join(damaged, "elbow.db"), []byte(strings.Repeat("no database\n", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	busy := busyPort(t)
	const free = "127.0.0.1:0"
	for name, c := range map[string]struct {
		listen, data string
		says         []string
	}{
		"a busy port":                      {busy, filepath.Join(dir, "1"), []string{busy, "in use"}},
		"a busy port besides a free one":   {free + "," + busy, filepath.Join(dir, "2"), []string{busy, "in use"}},
		"an address of another machine":    {"192.0.2.1:8080", filepath.Join(dir, "3"), []string{"192.0.2.1:8080"}},
		"a file for a directory":           {free, file, []string{file}},
		"a directory below a file":         {free, filepath.Join(file, "data"), []string{file}},
		"a file for the machine directory": {free, machines, []string{"machine"}},
		"a locked directory":               {free, locked, []string{locked, "in use by another Elbow"}},
		"a newer schema":                   {free, newer, []string{newer, "newer Elbow", "4711"}},
		"a damaged database":               {free, damaged, []string{damaged}},
	} {
		t.Run(name, func(t *testing.T) {
			r := runWith(t, environment(), "--listen", c.listen, "--data", c.data)
			r.wantComplaint(t, 1, c.says...)
		})
	}
}

// stoppedProduct is the data directory of a product that ran and was stopped in order.
func stoppedProduct(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p := startRun(t, "--data", dir)
	if status := p.stop(t); status != 0 {
		t.Fatalf("stopped with status %d", status)
	}
	return dir
}

func TestHealthcheckAsksTheLastPort(t *testing.T) {
	p := startRun(t, "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--host", "elbow.test")
	busy := busyPort(t) // where nothing answers
	if r := runWith(t, environment(), "healthcheck", "--listen", busy, "--listen", fmt.Sprint(":", p.port)); r != (ran{}) {
		t.Errorf("healthcheck of a product that serves: %+v", r)
	}
	if r := runWith(t, environment("ELBOW_LISTEN=127.0.0.1:"+strconv.Itoa(p.port)), "healthcheck"); r != (ran{}) {
		t.Errorf("healthcheck by the environment: %+v", r)
	}
	runWith(t, environment(), "healthcheck", "--listen", busy).wantComplaint(t, 1, busy)
	if status := p.stop(t); status != 0 {
		t.Fatalf("stopped with status %d", status)
	}
	runWith(t, environment(), "healthcheck", "--listen", fmt.Sprint(":", p.port)).wantComplaint(t, 1, "refused")
}

func TestHealthcheckBelievesNoOtherAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	server := &http.Server{Handler: http.NotFoundHandler()}
	served.Go(func() { _ = server.Serve(l) })
	defer served.Wait()
	defer server.Close()
	runWith(t, environment(), "healthcheck", "--listen", l.Addr().String()).wantComplaint(t, 1, "404")
}

func TestCheckLooksAtStoppedDirectories(t *testing.T) {
	dir := t.TempDir()
	p := startRun(t, "--data", dir)
	runWith(t, environment(), "check", "--data", dir).wantComplaint(t, 1, dir, "in use by another Elbow")
	if status := p.stop(t); status != 0 {
		t.Fatalf("stopped with status %d", status)
	}
	if r := runWith(t, environment(), "check", "--data", dir); r != (ran{}) {
		t.Errorf("check of a sound directory: %+v", r)
	}
	edit(t, dir, `UPDATE security_group_rules SET from_port = 70000, to_port = 70000, protocol = 'tcp'`)
	r := runWith(t, environment(), "check", "--data", dir)
	if r.status != 1 || r.errs != "" || strings.Count(r.out, "\n") != 2 || !strings.Contains(r.out, "(70000) out of range") {
		t.Errorf("check of a directory with two broken rules: %+v", r)
	}
	none := filepath.Join(dir, "none")
	runWith(t, environment(), "check", "--data", none).wantComplaint(t, 1, none)
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("check made the directory: %v", err)
	}
}

func TestATermBeforeItIsReadyIsNoFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	if status := run(ctx, []string{"--listen", "127.0.0.1:0", "--data", t.TempDir()}, environment(), &out, &errs); status != 0 || errs.Len() > 0 {
		t.Errorf("status %d: %s", status, errs.String())
	}
}

func TestAnEmptyDirectoryIsReadyInWellUnderASecond(t *testing.T) {
	p := startRun(t, "--data", filepath.Join(t.TempDir(), "new"))
	t.Logf("ready after %v", p.ready)
	if p.ready > 5*time.Second { // generous: the machine may be busy with something else
		t.Errorf("ready after %v", p.ready)
	}
	if status := p.stop(t); status != 0 || p.errs.Len() > 0 {
		t.Errorf("stopped with status %d: %s", status, p.errs)
	}
}
