package main

import (
	"context"
	"fmt"
	"io"

	"elbow/engine"
	"elbow/store"
)

// check opens a stopped data directory and prints a line for everything that breaks
// SQLite's integrity or the engine's own invariants: status 1 with a line each, 0 when sound.
func check(ctx context.Context, dir string, out, errs io.Writer) int {
	problems, world, err := store.Check(ctx, dir)
	if err != nil {
		complain(errs, err)
		return 1
	}
	problems = append(problems, engine.CheckWorld(world)...)
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	if len(problems) > 0 {
		return 1
	}
	return 0
}
