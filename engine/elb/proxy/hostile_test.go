package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestATargetCannotTurnTheConnectionIntoATunnel(t *testing.T) {
	for name, answer := range map[string]string{
		"without a protocol":  "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"with an empty one":   "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: \r\n\r\n",
		"with one of its own": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.scripted(writing(answer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"))
			answer := g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if firstLine(answer) != "HTTP/1.1 502 Bad Gateway" || strings.Contains(answer, "evil") {
				t.Errorf("answered %q, want 502 alone", answer)
			}
		})
	}
}

func TestAnInterimAnswerDoesNotChangeWhatFollows(t *testing.T) {
	g := newRig(t)
	g.scripted(writing("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nSet-Cookie: elbow_lang=x\r\nSet-Cookie: mine=1\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html>a</html"))
	got := g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if strings.Contains(got, "Content-Type") {
		t.Errorf("a type was guessed: %q", got)
	}
	if strings.Contains(got, "elbow_lang") || !strings.Contains(got, "mine=1") {
		t.Errorf("of two cookies, the console's and the target's own, the client got %q", got)
	}
	if !strings.HasPrefix(got, "HTTP/1.1 103 Early Hints\r\n") || !strings.HasSuffix(got, "<html>a</html") {
		t.Errorf("the client got %q", got)
	}
}

func TestAnHTTP10ClientGetsTheFinalAnswerAlone(t *testing.T) {
	g := newRig(t)
	g.scripted(writing("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	got := g.say("GET / HTTP/1.0\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.0 200 OK\r\n") || strings.Contains(got, "Link") {
		t.Errorf("the client got %q", got)
	}
}

func TestInterimAnswersWithoutEndAreCutOff(t *testing.T) {
	g := newRig(t)
	g.scripted(func(conn net.Conn, br *bufio.Reader) {
		if _, err := http.ReadRequest(br); err != nil {
			return
		}
		for range 100_000 {
			if _, err := io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\n\r\n"); err != nil {
				return
			}
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	got := g.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if n := strings.Count(got, " 103 "); n > maxInterim || !strings.Contains(got, "HTTP/1.1 502 Bad Gateway\r\n") {
		t.Errorf("%d interim answers passed, and then %q", n, got[max(0, len(got)-100):])
	}
}

func TestARequestTargetThatIsNoPathIsRefused(t *testing.T) {
	g := newRig(t)
	g.serve(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RequestURI) })
	for _, target := range []string{"http:path", "https:*", "http:a.test:80"} {
		answer := g.say("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if x := g.exchange(); firstLine(answer) != "HTTP/1.1 400 BAD_REQUEST" || x.Target != "" {
			t.Errorf("%s: answered %q, sent to %q", target, answer, x.Target)
		}
	}
}
