package main

import (
	"context"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// running is the command serving, until it is told to stop.
type running struct {
	port   int
	ready  time.Duration // from the start to the line
	cancel context.CancelFunc
	status chan int
	errs   *strings.Builder // to be read once it has ended
}

// startRun starts the command on a free port, unless args name one, and waits for its line.
func startRun(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &running{cancel: cancel, status: make(chan int, 1), errs: &strings.Builder{}}
	out, in := io.Pipe()
	begun := time.Now()
	go func() {
		status := run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), environment(), in, p.errs)
		in.Close()
		p.status <- status
	}()
	t.Cleanup(func() { p.stop(t) })
	line := make([]byte, 256)
	n, err := out.Read(line)
	p.ready = time.Since(begun)
	found := regexp.MustCompile(`^Elbow is ready: http://localhost:([0-9]+)\n$`).FindSubmatch(line[:n])
	if err != nil || found == nil {
		t.Fatalf("the first line is %q, %v", line[:n], err)
	}
	p.port, _ = strconv.Atoi(string(found[1]))
	return p
}

// stop stops it as SIGTERM does and returns its status; stopping twice is harmless.
func (p *running) stop(t *testing.T) int {
	t.Helper()
	p.cancel()
	select {
	case status := <-p.status:
		p.status <- status
		return status
	case <-time.After(patience):
		t.Fatal("it never stopped")
		return -1
	}
}
