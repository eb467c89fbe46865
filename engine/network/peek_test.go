package network

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheHostOfARequestIsFound(t *testing.T) {
	for _, test := range []struct {
		name, bytes, host string
		done              bool
	}{
		{"a plain request", "GET / HTTP/1.1\r\nHost: web.localhost:8080\r\n\r\n", "web.localhost:8080", true},
		{"other lines first, any case, no space", "GET / HTTP/1.1\r\nAccept: */*\r\nhOST:a\r\n", "a", true},
		{"lines ended by LF alone", "GET / HTTP/1.1\nHost: a\n", "a", true},
		{"an absolute target wins", "GET http://b:1/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "b:1", true},
		{"a URL within the path does not", "GET /http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "a", true},
		{"CONNECT names its target", "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "b:443", true},
		{"the first of two", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "a", true},
		{"a folded line is no Host line", "GET / HTTP/1.1\r\nX: 1\r\n Host: b\r\nHost: a\r\n\r\n", "a", true},
		{"no Host", "GET / HTTP/1.0\r\nAccept: */*\r\n\r\nHost: body\r\n", "", true},
		{"half a Host line", "GET / HTTP/1.1\r\nHost: web.local", "", false},
		{"half a request line", "GET / HT", "", false},
		{"nothing", "", "", false},
		{"HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", true},
		{"another protocol", "SSH-2.0-OpenSSH_9.6\r\n", "", true},
		{"an empty line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n", "", true},
	} {
		host, done := peekHost([]byte(test.bytes))
		if host != test.host || done != test.done {
			t.Errorf("%s: got %q, %v", test.name, host, done)
		}
	}
}

func TestNamesAreComparedInOneForm(t *testing.T) {
	for host, want := range map[string]string{
		"localhost": "localhost", "LocalHost:8080": "localhost", "a.localhost.": "a.localhost", "a.localhost.:80": "a.localhost",
		"[::1]:8080": "::1", "[::1]": "::1", "::1": "::1", "127.0.0.1:80": "127.0.0.1", "": "", ":80": "",
	} {
		if got := hostName(host); got != want {
			t.Errorf("%q becomes %q, want %q", host, got, want)
		}
	}
}

// clientHelloFor is what crypto/tls sends first for a server name, in one record.
func clientHelloFor(t testing.TB, name string) []byte {
	t.Helper()
	near, far := net.Pipe()
	defer far.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer near.Close()
		tls.Client(near, &tls.Config{ServerName: name, InsecureSkipVerify: name == ""}).Handshake()
	}()
	record := make([]byte, 5)
	if _, err := io.ReadFull(far, record); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(record[3])<<8|int(record[4]))
	if _, err := io.ReadFull(far, body); err != nil {
		t.Fatal(err)
	}
	far.Close()
	<-done
	return append(record, body...)
}

// split puts a handshake into records of at most n bytes each.
func split(record []byte, n int) []byte {
	var out []byte
	for part := range slices.Chunk(record[5:], n) {
		out = append(out, record[0], record[1], record[2], byte(len(part)>>8), byte(len(part)))
		out = append(out, part...)
	}
	return out
}

func TestTheServerNameOfAClientHelloIsFound(t *testing.T) {
	hello := clientHelloFor(t, "web.localhost")
	for name, b := range map[string][]byte{
		"one record": hello, "records of 100 bytes": split(hello, 100), "records of one byte": split(hello, 1),
		"with more behind it": append(slices.Clone(hello), "application data"...),
	} {
		if got, done := peekSNI(b); got != "web.localhost" || !done {
			t.Errorf("%s: got %q, %v", name, got, done)
		}
	}
	for n := range len(hello) {
		if got, done := peekSNI(hello[:n]); got != "" || done {
			t.Fatalf("%d of %d bytes: got %q, %v", n, len(hello), got, done)
		}
	}
	for name, b := range map[string][]byte{
		"no server name": clientHelloFor(t, ""), "another message": {22, 3, 1, 0, 4, 2, 0, 0, 0},
		"an empty record": {22, 3, 1, 0, 0}, "an alert": {21, 3, 1, 0, 2, 2, 40},
	} {
		if got, done := peekSNI(b); got != "" || !done {
			t.Errorf("%s: got %q, %v", name, got, done)
		}
	}
}

// TestAGreetingInPiecesIsWaitedFor sends a request byte by byte: it is understood at the
// first moment that it can be, and nothing of it is taken.
func TestAGreetingInPiecesIsWaitedFor(t *testing.T) {
	near, far := tcpPair(t)
	request := "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 5000) + "\r\nHost: a\r\n"
	wrote := make(chan error, 1)
	go func() {
		var err error
		for part := range slices.Chunk([]byte(request), 700) {
			if _, err = near.Write(part); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		wrote <- err
	}()
	far.SetReadDeadline(time.Now().Add(5 * time.Second))
	said, err := peek(far)
	if err != nil || said != (greeting{name: "a"}) {
		t.Errorf("got %+v, %v", said, err)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(request))
	if _, err := io.ReadFull(far, got); err != nil || string(got) != request {
		t.Errorf("what was looked at is not all there: %v", err)
	}
}

func TestAGreetingThatNeverEndsHasNoName(t *testing.T) {
	near, far := tcpPair(t)
	io.WriteString(near, "GET / HTTP/1.1\r\nHo")
	far.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if said, err := peek(far); err != nil || said.name != "" {
		t.Errorf("half a head: got %+v, %v", said, err)
	}
	near, far = tcpPair(t)
	far.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := peek(far); err == nil {
		t.Error("silence is a greeting")
	}
	near.Close()
	near, far = tcpPair(t)
	near.Close()
	if _, err := peek(far); err == nil {
		t.Error("a client that left is a greeting")
	}
	near, far = tcpPair(t)
	go near.Write(bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 8<<10)) // 128 KiB without a Host
	far.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	if said, err := peek(far); err != nil || said.name != "" {
		t.Errorf("a head over the limit: got %+v, %v", said, err)
	}
}

// tcpPair is a connection over loopback.
func tcpPair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

// FuzzPeekHost holds the gateway to what the servers behind it understand: a request that
// net/http accepts must be for the host that the gateway saw, if it saw one.
func FuzzPeekHost(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT b:1 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\nX: y\n Host: c\nHost: a\n\n", "GET http://u@b/ HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a:1\r\n\r\n",
		"GET //b/c HTTP/1.1\r\nHost: a\r\n\r\n", "GET x:b HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://[::1]:8/ HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		host, done := peekHost(b)
		if again, still := peekHost(append(slices.Clone(b), "more\r\n\r\n"...)); done && (again != host || !still) {
			t.Fatalf("%q: %q, with more behind it %q", b, host, again)
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil || host == "" || strings.ContainsAny(r.Host, " \t") {
			return // without a name it is the console's to judge; a Host with a space net/http refuses later
		}
		if hostName(host) != hostName(r.Host) {
			t.Fatalf("%q: the gateway sees %q, a server %q", b, host, r.Host)
		}
	})
}

func FuzzPeekSNI(f *testing.F) {
	f.Add(clientHelloFor(f, "web.localhost"))
	f.Add(split(clientHelloFor(f, "a"), 40))
	f.Add([]byte{22, 3, 1, 0, 0})
	f.Add([]byte{22, 3, 1, 0, 5, 1, 0, 0, 1, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		name, done := peekSNI(b)
		if !done && name != "" {
			t.Fatalf("%q before it is done", name)
		}
		if again, still := peekSNI(append(slices.Clone(b), 0, 1, 2)); done && (again != name || !still) {
			t.Fatalf("%q, with more behind it %q", name, again)
		}
	})
}
