package health

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target starts a listener that gives each connection to serve, and returns its address.
func target(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// scripted is a target that reads a request's head and writes the answer as it is.
func scripted(t *testing.T, answer string) string {
	return target(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			io.WriteString(conn, answer)
		}
	})
}

func probe(t *testing.T, protocol, addr, path string) Result {
	t.Helper()
	p := Probe{
		Protocol: protocol, Host: "172.31.5.10", Path: path,
		Timeout: func() time.Duration { return 300 * time.Millisecond },
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		},
	}
	return p.Run(t.Context())
}

func TestOnlyACompleteAnswer200Passes(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		failure      Failure
		status       int
		detail       string
	}{
		{"200 with a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "", 200, "GET /x answered 200 OK"},
		{"200 in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "", 200, ""},
		{"200 without a body", "HTTP/1.1 200 OK\r\n\r\n", "", 200, ""},
		{"200 of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200, ""},
		{"200 after 103", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200, ""},
		{"200 with a body of no length", "HTTP/1.1 200 OK\r\n\r\nwhere does it end", Malformed, 200, "neither"},
		{"200 cut short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", Malformed, 200, "reading the body"},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", Status, 204, "204 No Content"},
		{"a redirect is not followed", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", Status, 302, "302 Found"},
		{"404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Status, 404, "GET /x answered 404 Not Found"},
		{"only interim answers", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 9), Malformed, 0, "interim"},
		{"no HTTP", "220 mail.example ESMTP\r\n\r\n", Malformed, 0, "reading the answer"},
		{"headers without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 70<<10), Malformed, 0, "longer than 65536 bytes"},
		{"nothing at all", "", Reset, 0, "the connection was closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := probe(t, "HTTP", scripted(t, c.answer), "/x")
			if r.OK != (c.failure == "") || r.Failure != c.failure || r.Status != c.status || !strings.Contains(r.Detail, c.detail) {
				t.Errorf("got %+v, want failure %q, status %d, detail with %q", r, c.failure, c.status, c.detail)
			}
		})
	}
}

func TestSilenceIsATimeoutAndAClosedPortIsRefused(t *testing.T) {
	silent := target(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	if r := probe(t, "HTTP", silent, "/"); r.Failure != Timeout || !strings.Contains(r.Detail, "300ms") {
		t.Errorf("a silent target gave %+v", r)
	}
	if r := probe(t, "SSL", silent, ""); r.Failure != Timeout {
		t.Errorf("a silent handshake gave %+v", r)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if r := probe(t, "TCP", l.Addr().String(), ""); r.Failure != Refused {
		t.Errorf("a closed port gave %+v", r)
	}
}

func TestABodyThatNeverEndsIsReadToABoundOnly(t *testing.T) {
	endless := target(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
		for block := make([]byte, 64<<10); ; {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	})
	if r := probe(t, "HTTP", endless, "/"); !r.OK {
		t.Errorf("a huge page gave %+v", r)
	}
}

func TestTheRequestIsAWSs(t *testing.T) {
	seen := make(chan *http.Request, 2)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r }))
	defer s.Close()
	addr := s.Listener.Addr().String()
	for range 2 {
		if r := probe(t, "HTTP", addr, "/index.html?deep=1"); !r.OK {
			t.Fatalf("got %+v", r)
		}
	}
	r, again := <-seen, <-seen
	if r.Method != "GET" || r.RequestURI != "/index.html?deep=1" || r.Host != "172.31.5.10" || r.UserAgent() != UserAgent || !r.Close {
		t.Errorf("the target saw %s %s, Host %s, %v", r.Method, r.RequestURI, r.Host, r.Header)
	}
	if r.RemoteAddr == again.RemoteAddr {
		t.Errorf("two probes shared the connection from %s", r.RemoteAddr)
	}
}

func TestHTTPSAndSSLTakeAnyCertificateAndNeedOne(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	plain := scripted(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
	for _, protocol := range []string{"HTTPS", "SSL"} {
		if r := probe(t, protocol, s.Listener.Addr().String(), "/"); !r.OK {
			t.Errorf("%s of a TLS server gave %+v", protocol, r)
		}
		if r := probe(t, protocol, plain, "/"); r.Failure != TLS {
			t.Errorf("%s of a plain server gave %+v", protocol, r)
		}
	}
	if r := probe(t, "TCP", plain, ""); !r.OK {
		t.Errorf("TCP of an open port gave %+v", r)
	}
}
