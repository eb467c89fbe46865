package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

// speed is how much faster than the wall clock the cloud runs in these tests.
const speed = 100

// startApp starts the whole program on a free port of loopback and stops it with the test.
func startApp(t *testing.T, change ...func(*config)) *app {
	t.Helper()
	c := config{
		Listen: []string{"127.0.0.1:0"}, Data: t.TempDir(), Domain: "localhost", Region: "ap-northeast-1",
		Ports: "20000-20099", Speed: speed, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for _, f := range change {
		f(&c)
	}
	a, err := newApp(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	return a
}

// client asks public names over the wire, from a source address of its own.
type client struct {
	t      *testing.T
	port   int
	source netip.Addr
}

// me is the address that the browser comes from, which My IP means; stranger is another.
var (
	me       = netip.MustParseAddr("127.0.0.1")
	stranger = netip.MustParseAddr("127.0.0.2")
)

// errSilent is what get returns where nothing answered within its patience.
var errSilent = errors.New("silence: no answer, no refusal")

// get asks for the path at the public name, on a connection of its own.
func (c client) get(name, path string, patience time.Duration) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: c.source.AsSlice()}}
	conn, err := dialer.DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(c.port))
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n", path, name, c.port)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return 0, "", errSilent
	}
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// wants asks until the answer is as wanted, or fails the test.
func (c client) wants(name, path string, status int, body string) {
	c.t.Helper()
	var got int
	var text string
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		got, text, err = c.get(name, path, 2*time.Second)
		if err == nil && got == status && (body == "" || text == body) {
			return
		}
	}
	c.t.Fatalf("%s%s answers %d %q, %v; want %d %q", name, path, got, text, err, status, body)
}

// silent fails the test unless the name stays mute.
func (c client) silent(name string) {
	c.t.Helper()
	if status, body, err := c.get(name, "/", time.Second); !errors.Is(err, errSilent) {
		c.t.Fatalf("%s answers %d %q, %v from %s; want silence", name, status, body, err, c.source)
	}
}
