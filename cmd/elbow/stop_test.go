package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
)

// TestStoppingTakesNoLongerThanFiveSeconds though every kind of client hangs on: the
// product ends in order, and not by running out of time.
func TestStoppingTakesNoLongerThanFiveSeconds(t *testing.T) {
	a := startApp(t, func(c *config) { c.Speed = crashSpeed })
	l := newLauncher(t, a)
	id, public := l.webServerWithALargeFile()
	port := strconv.Itoa(a.Port())
	console := "localhost:" + port
	for _, hanger := range []struct {
		name, request string
		status        int // of the answer that is waited for; 0: none comes
	}{
		{"a connection that says nothing", "", 0},
		{"half a greeting", "GET /ec2/ HT", 0},
		{"half a request", "POST /ec2/key-pairs/create HTTP/1.1\r\nHost: " + console + "\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname=", 0},
		{"an idle keep-alive connection", "GET /healthz HTTP/1.1\r\nHost: " + console + "\r\n\r\n", 200},
		{"an open event stream", "GET /events HTTP/1.1\r\nHost: " + console + "\r\n\r\n", 200},
		{"a slow download from the console", "GET /ec2/instances/" + id + "/files/download?path=/var/www/html/large HTTP/1.1\r\nHost: " + console + "\r\n\r\n", 200},
		{"a slow download from an instance", "GET /large HTTP/1.1\r\nHost: " + public + "\r\n\r\n", 200},
		{"a slow download through a load balancer", "GET /large HTTP/1.1\r\nHost: " + l.name + "\r\n\r\n", 200},
		{"half a request to a load balancer", "POST / HTTP/1.1\r\nHost: " + l.name + "\r\nContent-Length: 1000\r\n\r\nhalf", 0},
	} {
		hangOn(t, port, hanger.name, hanger.request, hanger.status)
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), stopWithin)
	defer cancel()
	err := a.Stop(ctx)
	t.Logf("stopped after %v", time.Since(begun))
	if err != nil || ctx.Err() != nil {
		t.Errorf("stopping: %v, after %v", err, time.Since(begun))
	}
}

// webServerWithALargeFile is an instance in service, which has a file to download that no
// buffer on the way can hold.
func (l *launcher) webServerWithALargeFile() (id, public string) {
	l.t.Helper()
	ctx, e := l.t.Context(), l.app.engine
	made, err := e.RunInstances(ctx, engine.RunInstancesInput{ImageID: l.image, GroupIDs: []string{l.group}, AssociatePublicIP: true, Count: 1})
	if err != nil {
		l.t.Fatal(err)
	}
	l.reach(made.InstanceIDs, compute.Running)
	id = made.InstanceIDs[0]
	if err := e.WriteFile(ctx, id, "/var/www/html/large", io.LimitReader(zeros{}, 64<<20), ""); err != nil {
		l.t.Fatal(err)
	}
	if err := e.RegisterInstances(ctx, "lb", id); err != nil {
		l.t.Fatal(err)
	}
	client{l.t, l.app.Port(), me}.wants(l.name, "/", http.StatusOK, "")
	all, err := e.DescribeInstances(ctx, id)
	if err != nil {
		l.t.Fatal(err)
	}
	return id, all[0].PublicDNS
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// hangOn sends a request, reads no more of its answer than the status, and keeps the
// connection until the test ends.
func hangOn(t *testing.T, port, name, request string, status int) {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	if status == 0 {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	var line [12]byte
	if _, err := io.ReadFull(conn, line[:]); err != nil || string(line[:]) != fmt.Sprintf("HTTP/1.1 %d", status) {
		t.Fatalf("%s is answered %q, %v", name, line, err)
	}
}
