// Command elbow is a local cloud that a person can click through: a web console for EC2
// and Classic Load Balancers over an embedded engine in which everything is real.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// version is set when a release is built.
var version = "dev"

// stopWithin is how long an orderly stop may take.
const stopWithin = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the whole command; it returns the exit status: 2 for a mistake in what was
// typed, 1 for a failure, 0 otherwise.
func run(ctx context.Context, args []string, env func(string) string, out, errs io.Writer) int {
	command := "serve"
	if len(args) > 0 && (args[0] == "check" || args[0] == "healthcheck" || args[0] == "serve") {
		command, args = args[0], args[1:]
	}
	o, err := parseOptions(args, env, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		complain(errs, err)
		return 2
	case o.version:
		fmt.Fprintln(out, "elbow", version)
		return 0
	}
	switch command {
	case "check":
		return check(ctx, o.data, out, errs)
	case "healthcheck":
		return healthcheck(ctx, o.listen, errs)
	}
	return serve(ctx, o, out, errs)
}

// serve runs the product until ctx ends.
func serve(ctx context.Context, o options, out, errs io.Writer) int {
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: o.logLevel}))
	a, err := newApp(ctx, o.config(log))
	if err != nil && ctx.Err() != nil {
		return 0 // told to stop before it was ready
	}
	if err != nil {
		complain(errs, err)
		return 1
	}
	fmt.Fprintf(out, "Elbow is ready: %s\n", a.URL())
	<-ctx.Done()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := a.Stop(bounded); err != nil {
		complain(errs, fmt.Errorf("stopping: %w", err))
		return 1
	}
	return 0
}

// complain writes an error on one line, also where several were joined.
func complain(errs io.Writer, err error) {
	fmt.Fprintf(errs, "elbow: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
}
