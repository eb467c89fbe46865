package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"elbow/engine/elb/balance"
)

func TestWithNothingHealthyTheStatusLineIsAWSs(t *testing.T) {
	g := newRig(t)
	conn := g.dial()
	br := bufio.NewReader(conn)
	for range 2 { // the connection stays open
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		line, err := br.ReadString('\n')
		if err != nil || line != "HTTP/1.1 503 Service Unavailable: Back-end server is at capacity\r\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		rest := ""
		for !strings.HasSuffix(rest, "\r\n\r\n") {
			more, err := br.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			rest += more
			if more == "\r\n" {
				break
			}
		}
		if !strings.Contains(rest, "Content-Length: 0\r\n") || strings.Contains(rest, "close") {
			t.Errorf("headers %q", rest)
		}
		if x := g.exchange(); x.Status != 503 || !x.Own || x.Target != "" {
			t.Errorf("observed %+v", x)
		}
	}
}

func TestMalformedRequestsGetAWSsRefusal(t *testing.T) {
	g := newRig(t)
	g.serve(func(w http.ResponseWriter, r *http.Request) { t.Errorf("the target saw %s %s", r.Method, r.RequestURI) })
	for name, c := range map[string]struct{ request, line string }{
		"a space in the path":       {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"no request line":           {"\x00\x01\x02\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"no host in HTTP/1.1":       {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"two hosts":                 {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"two lengths":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400 BAD_REQUEST"},
		"an unknown encoding":       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"headers of 100 KiB":        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"CONNECT":                   {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"HTTP/2 by prior knowledge": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"PRI":                       {"PRI / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"GET *":                     {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"another scheme":            {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 BAD_REQUEST"},
		"a method of 128 letters":   {strings.Repeat("M", 128) + " / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 METHOD_NOT_ALLOWED"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := g.say(c.request)
			if firstLine(answer) != c.line || !strings.Contains(answer, "\r\nContent-Length: 0\r\n") || !strings.HasSuffix(answer, "\r\n\r\n") {
				t.Errorf("answered %q", answer)
			}
			if x := g.exchange(); !x.Own || x.Status/100 != 4 || x.Target != "" {
				t.Errorf("observed %+v", x)
			}
		})
	}
}

func TestAMethodOf127LettersPasses(t *testing.T) {
	if r := seen(t, strings.Repeat("M", 127)+" / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); len(r.Method) != 127 {
		t.Errorf("the target saw %q", r.Method)
	}
}

func TestARequestThatNeverEndsGets408(t *testing.T) {
	g := newRig(t, func(s *Server) { s.http.ReadHeaderTimeout = 200 * time.Millisecond })
	g.serve(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	if answer := g.say("GET / HTTP/1.1\r\nHo"); firstLine(answer) != "HTTP/1.1 408 REQUEST_TIMEOUT" {
		t.Errorf("half a head got %q", answer)
	}
	if answer := g.say(""); answer != "" {
		t.Errorf("no head at all got %q", answer)
	}
	g.idle.Store(int64(200 * time.Millisecond))
	if answer := g.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"); firstLine(answer) != "HTTP/1.1 408 REQUEST_TIMEOUT" {
		t.Errorf("half a body got %q", answer)
	}
}

func TestAMalformedBodyGets400(t *testing.T) {
	g := newRig(t)
	g.serve(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	answer := g.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nab\r\n")
	if firstLine(answer) != "HTTP/1.1 400 BAD_REQUEST" {
		t.Errorf("a chunk of length ZZ got %q", answer)
	}
}

func TestWhatATargetDoesWrongBecomes502Or504(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(net.Conn, *bufio.Reader)
		line  string
	}{
		"no HTTP":          {writing("220 mail ESMTP\r\n\r\n"), "HTTP/1.1 502 Bad Gateway"},
		"a bad header":     {writing("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "HTTP/1.1 502 Bad Gateway"},
		"headers of 1 MiB": {writing("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n"), "HTTP/1.1 502 Bad Gateway"},
		"an upgrade":       {writing("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), "HTTP/1.1 502 Bad Gateway"},
		"it closes":        {writing(""), "HTTP/1.1 504 GATEWAY_TIMEOUT"},
		"it stays silent":  {func(c net.Conn, br *bufio.Reader) { io.Copy(io.Discard, br) }, "HTTP/1.1 504 GATEWAY_TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.idle.Store(int64(300 * time.Millisecond))
			g.scripted(c.serve)
			answer := g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if firstLine(answer) != c.line {
				t.Errorf("answered %q, want %s", answer, c.line)
			}
			if x := g.exchange(); !x.Own || x.Target != "i-1" || x.ConnectErrors != 0 {
				t.Errorf("observed %+v", x)
			}
		})
	}
}

// writing is a target that answers each connection's first request with these bytes.
func writing(answer string) func(net.Conn, *bufio.Reader) {
	return func(conn net.Conn, br *bufio.Reader) {
		if _, err := http.ReadRequest(br); err == nil {
			io.WriteString(conn, answer)
		}
	}
}

func TestAnAnswerCutShortIsNotMadeToLookWhole(t *testing.T) {
	g := newRig(t)
	g.scripted(writing("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
	conn := g.dial()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != io.ErrUnexpectedEOF || string(body) != "half" {
		t.Errorf("read %q, %v; want the half and an unexpected end", body, err)
	}
}

func TestASlowTargetIsWaitedForAsLongAsTheIdleTimeoutSaysNow(t *testing.T) {
	g := newRig(t)
	g.idle.Store(int64(100 * time.Millisecond))
	g.serve(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(400 * time.Millisecond)
		io.WriteString(w, "at last")
	})
	const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	if answer := g.say(request); firstLine(answer) != "HTTP/1.1 504 GATEWAY_TIMEOUT" {
		t.Errorf("with 100 ms: %q", answer)
	}
	g.idle.Store(int64(5 * time.Second))
	if answer := g.say(request); !strings.HasSuffix(answer, "at last") {
		t.Errorf("with 5 s: %q", answer)
	}
}

func TestAllTargetsRefusingIs503(t *testing.T) {
	g := newRig(t)
	g.pool.Publish([]*balance.Target[*Target]{g.target("i-1", closedPort(t)), g.target("i-2", closedPort(t))})
	answer := g.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
	if !strings.HasPrefix(answer, "HTTP/1.1 503 Service Unavailable: Back-end server is at capacity\r\n") {
		t.Errorf("answered %q", answer)
	}
	if x := g.exchange(); x.ConnectErrors != 2 || x.Status != 503 {
		t.Errorf("observed %+v, want two connection errors", x)
	}
}

// closedPort is an address that refuses connections.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestNothingIsAddedToATargetsAnswer(t *testing.T) {
	g := newRig(t)
	const answer = "HTTP/1.1 299 Odd Phrase\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\nX-Mine: 1\r\nContent-Length: 13\r\n\r\n<html>a</html"
	g.scripted(writing(answer))
	got := g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	for _, line := range []string{"Content-Type", "Server", "Via"} {
		if strings.Contains(got, line) {
			t.Errorf("%s was added: %q", line, got)
		}
	}
	if !strings.Contains(got, "X-Mine: 1\r\n") || !strings.Contains(got, "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n") || !strings.HasSuffix(got, "<html>a</html") {
		t.Errorf("the client got %q", got)
	}
}
