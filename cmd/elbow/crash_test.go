package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/store"
)

const (
	crashes    = 20
	crashSpeed = 500
)

func TestEveryAcknowledgedOperationSurvivesAKillAtAnyMoment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	kept := &ledger{wants: map[string]string{}}
	for round := range crashes {
		ok := t.Run(strconv.Itoa(round), func(t *testing.T) {
			begun := time.Now()
			playUntilKilled(t, dir, round, kept)
			wantSound(t, dir)
			operation := kept.pending.Operation
			kept.compare(t, worldOf(t, dir), dir)
			killed := time.Now()
			comesUpAgain(t, dir, kept)
			t.Logf("%d lines of activity so far, killed in %q; %v until the kill, %v after it", kept.done, operation, killed.Sub(begun).Round(time.Millisecond), time.Since(killed).Round(time.Millisecond))
		})
		if !ok {
			return
		}
		wantSound(t, dir)
	}
	if kept.done < crashes {
		t.Errorf("%d operations were acknowledged in all: the script hardly ran", kept.done)
	}
	losesARow(t, dir, kept)
	breaksARule(t, dir)
}

// playUntilKilled runs the script's round in a process of its own and kills it at a
// random moment: somewhere in the start, or a little after one of its lines.
func playUntilKilled(t *testing.T, dir string, round int, kept *ledger) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], dir, strconv.Itoa(round))
	cmd.Env = append(os.Environ(), asScript+"=1")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if moment := rand.IntN(60); moment < 5 {
		time.Sleep(rand.N(500 * time.Millisecond))
	} else {
		for range moment - 4 {
			if !kept.read(t, lines) {
				break
			}
		}
		time.Sleep(rand.N(10 * time.Millisecond))
	}
	_ = cmd.Process.Kill()
	for kept.read(t, lines) { // what it acknowledged up to the kill
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the script ended by itself: %v", err)
	}
}

func worldOf(t *testing.T, dir string) engine.World {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "elbow.db")); errors.Is(err, os.ErrNotExist) {
		return engine.World{} // killed before there was anything
	}
	_, w, err := store.Check(t.Context(), dir)
	if schema, ok := errors.AsType[*store.SchemaError](err); ok && !schema.Newer() {
		return engine.World{} // killed within the first migration
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// wantSound runs the product's own check, which shall find nothing.
func wantSound(t *testing.T, dir string) {
	t.Helper()
	if len(worldOf(t, dir).Scopes) == 0 {
		return // killed before the first commit: there is nothing to check
	}
	var out, errs strings.Builder
	if status := check(t.Context(), dir, &out, &errs); status != 0 || out.Len()+errs.Len() > 0 {
		t.Fatalf("check ends with %d:\n%s%s", status, out.String(), errs.String())
	}
}

// comesUpAgain starts the product on the directory: all that shall run runs, each load
// balancer serves, and nothing is left over.
func comesUpAgain(t *testing.T, dir string, kept *ledger) {
	t.Helper()
	a := startApp(t, func(c *config) { c.Data, c.Speed = dir, crashSpeed })
	eventually(t, "every instance is as it was asked to be", func() []string { return unsettled(t, a) })
	eventually(t, "the directories are those of the world", func() []string { return leftovers(t, a, dir) })
	balancers, err := a.engine.DescribeLoadBalancers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balancers {
		client{t, a.Port(), stranger}.wants(b.DNSName, "/", 200, "")
	}
	_, recorded, err := a.engine.DescribeActivities(t.Context(), engine.ActivityFilter{Limit: 1})
	if err != nil || recorded != kept.done && !(kept.unsure && recorded == kept.done+1) {
		t.Fatalf("%d lines of activity, %v; the operations left %d", recorded, err, kept.done)
	}
	kept.done, kept.unsure = recorded, false
}

// unsettled are the instances that are not yet in the state that was asked for.
func unsettled(t *testing.T, a *app) (lines []string) {
	t.Helper()
	all, err := a.engine.DescribeInstances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[compute.Goal]compute.State{compute.Run: compute.Running, compute.Stop: compute.Stopped, compute.Terminate: compute.Terminated}
	for _, in := range all {
		if in.State != want[in.Goal] {
			lines = append(lines, fmt.Sprintf("%s %s is %s %s", in.Name(), in.ID, in.State, in.Failure))
		}
	}
	images, err := a.engine.DescribeImages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range images {
		if image.State != compute.ImageAvailable {
			lines = append(lines, fmt.Sprintf("%s is %s %s", image.Name, image.State, image.StateReason))
		}
	}
	return lines
}

// leftovers are the directories of no living instance or snapshot, and the ones missing.
func leftovers(t *testing.T, a *app, dir string) (lines []string) {
	t.Helper()
	owned := map[string]string{}
	all, err := a.engine.DescribeInstances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range all {
		if in.Goal != compute.Terminate {
			owned["instances/"+in.ID] = "a directory"
		}
	}
	snapshots, err := a.engine.DescribeSnapshots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, snap := range snapshots {
		owned["snapshots/"+snap.ID] = "a directory"
	}
	return differences(directories(t, dir), owned)
}

// directories is what lies below the machine directory.
func directories(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, kind := range []string{"instances", "snapshots"} {
		entries, err := os.ReadDir(filepath.Join(dir, "machines", kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			found[kind+"/"+e.Name()] = "a directory"
		}
	}
	return found
}

// eventually waits until there is nothing to complain of.
func eventually(t *testing.T, what string, complaints func() []string) {
	t.Helper()
	var lines []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if lines = complaints(); len(lines) == 0 {
			return
		}
	}
	t.Fatalf("never: %s\n%s", what, strings.Join(lines, "\n"))
}

// losesARow is the negative control: an acknowledged row taken away, and the comparison
// notices.
func losesARow(t *testing.T, dir string, kept *ledger) {
	t.Helper()
	edit(t, dir, `DELETE FROM security_group_rules WHERE from_port = 80 AND group_id = (SELECT id FROM security_groups WHERE name = 'always')`)
	lost := differences(describe(worldOf(t, dir), dir), kept.wants)
	if len(lost) != 1 || !strings.HasPrefix(lost[0], "group always is") {
		t.Errorf("a lost row is noticed as %q", lost)
	}
}

// breaksARule is the negative control of the product's own check.
func breaksARule(t *testing.T, dir string) {
	t.Helper()
	edit(t, dir, `DELETE FROM interface_groups`)
	var out, errs strings.Builder
	status := check(t.Context(), dir, &out, &errs)
	if status != 1 || !strings.Contains(out.String(), "load balancer always wears no security group\n") || errs.Len() > 0 {
		t.Errorf("check of a broken directory ends with %d:\n%s%s", status, out.String(), errs.String())
	}
}

// edit changes the database of a stopped product behind its back.
func edit(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "elbow.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(context.WithoutCancel(t.Context()), statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
