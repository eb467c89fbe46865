package proxy

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// seen sends a raw request and returns what the target saw of it.
func seen(t *testing.T, request string) *http.Request {
	t.Helper()
	g := newRig(t)
	got := make(chan *http.Request, 1)
	g.serve(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		got <- r
	})
	if answer := g.say(request); !strings.Contains(firstLine(answer), " 200 ") {
		t.Fatalf("answered %q", answer)
	}
	return <-got
}

func TestTheTargetLearnsWhereTheRequestCameFrom(t *testing.T) {
	r := seen(t, "GET / HTTP/1.1\r\nHost: my.elb.localhost\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1\r\n"+
		"X-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Host: kept\r\nForwarded: for=1.2.3.4\r\nConnection: close\r\n\r\n")
	want := map[string]string{
		"X-Forwarded-For": "203.0.113.9, 198.51.100.1, 127.0.0.1", "X-Forwarded-Proto": "http",
		"X-Forwarded-Port": "8080", "X-Forwarded-Host": "kept", "Forwarded": "for=1.2.3.4",
	}
	for name, value := range want {
		if got := r.Header[name]; !slices.Equal(got, []string{value}) {
			t.Errorf("%s: %q, want %q alone", name, got, value)
		}
	}
	if r.Host != "my.elb.localhost" || r.UserAgent() != "" || r.Proto != "HTTP/1.1" {
		t.Errorf("Host %q, User-Agent %q, %s", r.Host, r.UserAgent(), r.Proto)
	}
}

func TestHopByHopHeadersEndHere(t *testing.T) {
	r := seen(t, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Secret, upgrade, HTTP2-Settings\r\nX-Secret: 1\r\nKeep-Alive: 5\r\n"+
		"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nProxy-Authorization: x\r\nTE: gzip\r\nX-End: kept\r\n\r\n")
	for _, name := range []string{"X-Secret", "Keep-Alive", "Upgrade", "Http2-Settings", "Proxy-Authorization", "Te", "Connection"} {
		if v, ok := r.Header[name]; ok {
			t.Errorf("%s: %q reached the target", name, v)
		}
	}
	if r.Header.Get("X-End") != "kept" {
		t.Error("an end-to-end header was lost")
	}
}

func TestAWebSocketUpgradeIsForwardedAsAnOrdinaryRequest(t *testing.T) {
	r := seen(t, "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n")
	if r.Header.Get("Upgrade") != "" || r.Header.Get("Sec-Websocket-Version") != "13" {
		t.Errorf("the target saw %v", r.Header)
	}
}

func TestTheRequestLinePassesAsItWas(t *testing.T) {
	for request, want := range map[string]string{
		"GET //a/../b%2Fc?x=%zz;y HTTP/1.1": "GET //a/../b%2Fc?x=%zz;y",
		"TRACE / HTTP/1.1":                  "TRACE /",
		"BREW /pot HTTP/1.1":                "BREW /pot",
		"OPTIONS * HTTP/1.1":                "OPTIONS *",
		"GET http://h.example/p HTTP/1.1":   "GET /p",
	} {
		t.Run(request, func(t *testing.T) {
			r := seen(t, request+"\r\nHost: h.example\r\nConnection: close\r\n\r\n")
			if got := r.Method + " " + r.RequestURI; got != want || r.Host != "h.example" {
				t.Errorf("the target saw %s, Host %s", got, r.Host)
			}
		})
	}
}

func TestHTTP10WithoutAHostGetsTheNodesAddress(t *testing.T) {
	if r := seen(t, "GET / HTTP/1.0\r\n\r\n"); r.Host != "172.31.7.7" || r.Proto != "HTTP/1.1" {
		t.Errorf("the target saw Host %q over %s", r.Host, r.Proto)
	}
}

func TestConsoleCookiesNeverPass(t *testing.T) {
	g := newRig(t)
	got := make(chan []string, 1)
	g.serve(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header["Cookie"]
		w.Header().Add("Set-Cookie", "elbow_session=stolen; Path=/")
		w.Header().Add("Set-Cookie", "mine=1")
	})
	answer := g.say("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1; elbow_session=x; b=\"2\"\r\nCookie: __Host-elbow_flash=y\r\n" +
		"Cookie: Elbow_Lang=ja;c=3\r\nConnection: close\r\n\r\n")
	if cookies := <-got; !slices.Equal(cookies, []string{`a=1; b="2"`, "c=3"}) {
		t.Errorf("the target saw cookies %q", cookies)
	}
	if strings.Contains(answer, "stolen") || !strings.Contains(answer, "Set-Cookie: mine=1\r\n") {
		t.Errorf("the client got %q", answer)
	}
}

func TestTheConsolesNamesAreMisdirectedOnEveryRequest(t *testing.T) {
	g := newRig(t)
	g.serve(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "tenant") })
	for _, host := range []string{"localhost", "LOCALHOST:8080", "localhost.", "localhost.:80"} {
		if answer := g.say("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"); firstLine(answer) != "HTTP/1.1 421 Misdirected Request" {
			t.Errorf("Host %s got %q", host, answer)
		}
		g.exchange()
	}
	answer := g.say("GET http://localhost/ HTTP/1.1\r\nHost: a\r\n\r\n")
	if firstLine(answer) != "HTTP/1.1 421 Misdirected Request" {
		t.Errorf("an absolute-form target got %q", answer)
	}
	g.exchange()
	// A later request on a connection that was good so far.
	answer = g.say("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if !strings.Contains(answer, "tenantHTTP/1.1 421 ") || strings.Count(answer, "tenant") != 1 {
		t.Errorf("the second request got %q", answer)
	}
}
