package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"elbow/engine"
)

// ledger is what was acknowledged, and the operation under way at the kill.
type ledger struct {
	wants   map[string]string
	pending note
	done    int  // lines of the activity history that the acknowledged operations left
	unsure  bool // one more may be there
}

// read takes one line of the script; false at the end, also where the kill cut a line.
func (l *ledger) read(t *testing.T, lines *bufio.Reader) bool {
	t.Helper()
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return false
	}
	var n note
	if err := json.Unmarshal(line, &n); err != nil {
		t.Fatalf("the script wrote %q: %v", line, err)
	}
	if !n.Done {
		l.pending = n
		return true
	}
	maps.Copy(l.wants, l.pending.Wants)
	l.pending, l.done = note{}, l.done+l.pending.lines()
	return true
}

// compare fails the test unless the world is what was acknowledged, with all or nothing
// of the operation that was under way, which is then settled.
func (l *ledger) compare(t *testing.T, w engine.World, dir string) {
	t.Helper()
	is := describe(w, dir)
	without := differences(is, l.wants)
	if len(without) == 0 {
		l.pending = note{}
		return
	}
	next := maps.Clone(l.wants)
	maps.Copy(next, l.pending.Wants)
	if with := differences(is, next); len(with) > 0 {
		t.Fatalf("killed during %q; against what was acknowledged:\n%s\nagainst that with the last operation:\n%s",
			l.pending.Operation, strings.Join(without, "\n"), strings.Join(with, "\n"))
	}
	if l.pending.Operation != writeFile { // whose line is written after the file
		l.done += l.pending.lines()
	}
	l.wants, l.unsure, l.pending = next, l.pending.Operation == writeFile, note{}
}

// differences is a line for each name whose description is not as wanted; empty texts
// mean absence.
func differences(is, wants map[string]string) (lines []string) {
	names := maps.Clone(is)
	maps.Copy(names, wants)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if is[name] != wants[name] {
			lines = append(lines, fmt.Sprintf("%s is %q, wants %q", name, is[name], wants[name]))
		}
	}
	return lines
}
