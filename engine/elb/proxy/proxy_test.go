package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"elbow/engine/elb/balance"
)

// stream is n bytes of noise whose sum is known after they were read.
func stream(n int64) (io.Reader, hash.Hash) {
	sum := sha256.New()
	return io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), n), sum), sum
}

func TestLargeBodiesStreamBothWaysInConstantMemory(t *testing.T) {
	g := newRig(t)
	g.serve(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		io.Copy(w, r.Body) // an echo: the answer begins long before the request ends
	})
	const size = 64 << 20
	body, sent := stream(size)
	c, url := g.client()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := c.Post(url, "application/octet-stream", io.NopCloser(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got := sha256.New()
	n, err := io.Copy(got, resp.Body)
	runtime.ReadMemStats(&after)
	if err != nil || n != size || !bytes.Equal(got.Sum(nil), sent.Sum(nil)) {
		t.Errorf("got %d bytes back, %v, want all %d unchanged", n, err, size)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("%d MiB were allocated in passing 64 MiB each way", grown>>20)
	}
}

func TestBytesAreNotHeldBack(t *testing.T) {
	g := newRig(t)
	step := make(chan struct{})
	g.serve(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "6")
		for _, part := range []string{"one", "two"} {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
			<-step
		}
	})
	conn := g.dial()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two"} {
		part := make([]byte, 3)
		if _, err := io.ReadFull(resp.Body, part); err != nil || string(part) != want {
			t.Fatalf("read %q, %v, want %q before the rest is written", part, err, want)
		}
		step <- struct{}{}
	}
}

func TestExpectContinueIsAnsweredHere(t *testing.T) {
	g := newRig(t)
	g.serve(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Expect") != "" {
			t.Error("Expect reached the target")
		}
		io.Copy(w, r.Body)
	})
	conn := g.dial()
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n")
	br := bufio.NewReader(conn)
	if line, err := br.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	br.ReadString('\n')
	io.WriteString(conn, "body")
	if rest, _ := io.ReadAll(br); !strings.HasPrefix(string(rest), "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(string(rest), "\r\n\r\nbody") {
		t.Errorf("got %q", rest)
	}
}

func TestConnectionsToATargetAreReused(t *testing.T) {
	g := newRig(t)
	peers := make(chan string, 20)
	g.serve(func(w http.ResponseWriter, r *http.Request) { peers <- r.RemoteAddr })
	seen := map[string]bool{}
	for range 20 {
		g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		seen[<-peers] = true
	}
	if len(seen) != 1 {
		t.Errorf("20 requests took %d connections to the target, want 1", len(seen))
	}
}

func TestARefusingTargetIsPassedOverWithTheBodyUntouched(t *testing.T) {
	g := newRig(t)
	live := g.serve(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	dead := g.target("i-dead", closedPort(t))
	g.pool.Publish([]*balance.Target[*Target]{dead, live})
	errors := 0
	for i := range 20 {
		want := "body " + strconv.Itoa(i)
		answer := g.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(len(want)) + "\r\nConnection: close\r\n\r\n" + want)
		if !strings.HasSuffix(answer, want) {
			t.Errorf("answered %q", answer)
		}
		x := g.exchange()
		errors += x.ConnectErrors
		if x.Target != "i-1" || x.Status != 200 {
			t.Errorf("observed %+v", x)
		}
	}
	if errors == 0 {
		t.Error("the dead target was never tried: the test proves nothing")
	}
}

func TestARequestIsNeverSentTwice(t *testing.T) {
	g := newRig(t)
	var requests atomic.Int64
	g.scripted(func(conn net.Conn, br *bufio.Reader) {
		// The first request of a connection is answered, the second is swallowed.
		for n := 0; ; n++ {
			r, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			requests.Add(1)
			if n == 1 {
				return
			}
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
	if answer := g.say(post); firstLine(answer) != "HTTP/1.1 200 OK" {
		t.Fatalf("answered %q", answer)
	}
	if answer := g.say(post); firstLine(answer) != "HTTP/1.1 504 GATEWAY_TIMEOUT" {
		t.Errorf("answered %q", answer)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("the target saw %d requests for 2", n)
	}
}

func TestAClientThatLeavesIsNotCountedAgainstTheTarget(t *testing.T) {
	g := newRig(t)
	arrived, gone := make(chan struct{}), make(chan struct{})
	target := g.serve(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
		close(gone)
	})
	conn := g.dial()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-arrived
	if target.Inflight() != 1 {
		t.Errorf("%d in flight, want 1", target.Inflight())
	}
	conn.Close()
	if x := g.exchange(); x.Status != 0 || x.Own || x.ConnectErrors != 0 {
		t.Errorf("observed %+v, want nothing of note", x)
	}
	<-gone // the target is told
	if target.Inflight() != 0 {
		t.Errorf("%d in flight afterwards, want 0", target.Inflight())
	}
}

func TestAnAnswerBeforeTheEndOfTheRequestIsDeliveredAtOnce(t *testing.T) {
	g := newRig(t)
	g.scripted(func(conn net.Conn, br *bufio.Reader) {
		if _, err := http.ReadRequest(br); err == nil {
			io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
	})
	begun := time.Now()
	conn := g.dial()
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nthe beginning")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 413 ") {
		t.Errorf("got %q, %v", line, err)
	}
	if x := g.exchange(); x.Status != 413 || x.Own {
		t.Errorf("observed %+v", x)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v: the rest of the body was waited for", took)
	}
}

func TestRequestsUnderWaySurviveLeavingThePool(t *testing.T) {
	g := newRig(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	target := g.serve(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		io.WriteString(w, "whole")
	})
	answer := make(chan string, 1)
	go func() { answer <- g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }()
	<-arrived
	g.pool.Publish(nil)
	drained := make(chan error, 1)
	go func() { drained <- target.Value.Drain(t.Context()) }()
	if again := g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.Contains(firstLine(again), " 503 ") {
		t.Errorf("a new request got %q", again)
	}
	select {
	case err := <-drained:
		t.Fatalf("drained with a request in flight: %v", err)
	default:
	}
	close(release)
	if got := <-answer; !strings.HasSuffix(got, "whole") {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

func TestClosingATargetCutsWhatIsOnIt(t *testing.T) {
	g := newRig(t)
	arrived := make(chan struct{}, 1)
	target := g.serve(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	answer := make(chan string, 1)
	go func() { answer <- g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }()
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := target.Value.Drain(ctx); err == nil {
		t.Error("drained with a request in flight")
	}
	target.Value.Close()
	if got := <-answer; firstLine(got) != "HTTP/1.1 504 GATEWAY_TIMEOUT" {
		t.Errorf("the request got %q", got)
	}
}

func TestNothingFailsWhileTargetsComeGoAndDie(t *testing.T) {
	g := newRig(t)
	var servers []*httptest.Server
	var targets []*balance.Target[*Target]
	for i := range 3 {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") }))
		defer s.Close()
		servers = append(servers, s)
		targets = append(targets, g.target("i-"+strconv.Itoa(i), s.Listener.Addr().String()))
	}
	g.pool.Publish(targets)
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var served atomic.Int64
	c, url := g.client()
	for range 8 {
		clients.Go(func() {
			for ctx.Err() == nil {
				resp, err := c.Get(url)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != 200 || string(body) != "page" {
					t.Errorf("got %d %q, %v", resp.StatusCode, body, err)
					return
				}
				served.Add(1)
			}
		})
	}
	limit := time.Now().Add(20 * time.Second)
	for i := 0; served.Load() < 600 && time.Now().Before(limit) && !t.Failed(); i++ {
		g.pool.Publish(targets[i%2:])
		time.Sleep(time.Millisecond)
		if i == 20 {
			servers[2].Listener.Close() // one dies; its connections go with the next line
			servers[2].CloseClientConnections()
		}
	}
	stop()
	clients.Wait()
	if n := served.Load(); n < 600 {
		t.Errorf("only %d requests were served: the test proves little", n)
	}
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	g := newRig(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	g.serve(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		io.WriteString(w, "whole")
	})
	answer := make(chan string, 1)
	go func() { answer <- g.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }()
	<-arrived
	ended := make(chan error, 1)
	go func() { ended <- g.server.Shutdown(t.Context()) }()
	for { // the listener is closed first
		conn, err := net.Dial("tcp", g.addr)
		if err != nil {
			break
		}
		conn.Close()
	}
	close(release)
	if got := <-answer; !strings.HasSuffix(got, "whole") {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestARequestThatWasNotSentYetGoesToAnotherTargetWhenItsOwnIsCut(t *testing.T) {
	g := newRig(t)
	good := g.serve(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	dialling := make(chan struct{})
	mute := balance.NewTarget(NewTarget(TargetConfig{
		ID: "i-mute", IdleTimeout: g.idleTimeout,
		Dial: func(ctx context.Context, _ uint16) (net.Conn, error) {
			close(dialling)
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}))
	g.pool.Publish([]*balance.Target[*Target]{mute})
	answer := make(chan string, 1)
	go func() {
		answer <- g.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
	}()
	<-dialling
	g.pool.Publish([]*balance.Target[*Target]{good})
	mute.Value.Close()
	if got := <-answer; !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.HasSuffix(got, "body") {
		t.Errorf("answered %q", got)
	}
	if x := g.exchange(); x.Target != "i-1" {
		t.Errorf("observed %+v", x)
	}
}
