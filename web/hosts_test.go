package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestOnlyItsOwnNamesReachTheConsole(t *testing.T) {
	s, _ := newConsole(t)
	addr := serve(t, s)
	for _, tt := range []struct {
		because, host string
		status        int
	}{
		{"its name", "localhost", 200},
		{"its name on the bound port", "localhost:8080", 200},
		{"its name on a port published elsewhere", "localhost:1", 200},
		{"its name in upper case", "LOCALHOST:8080", 200},
		{"a name given with --host", "console.lan", 200},
		{"the address itself, for the health check", "127.0.0.1:8080", 200},
		{"the IPv6 address itself, for the health check", "[::1]:8080", 200},
		{"another site by rebinding", "evil.test", 421},
		{"a wildcard DNS service", "127.0.0.1.nip.io", 421},
		{"our name as a label of another", "localhost.evil", 421},
		{"a name below ours", "x.localhost", 421},
		{"a final dot", "localhost.", 421},
		{"no name at all", "", 421},
		{"a zone", "[::1%25lo]:8080", 421},
		{"a zone, unescaped", "[fe80::1%eth0]", 421},
		{"another loopback address", "127.0.0.2", 421},
		{"any address", "0.0.0.0:8080", 421},
		{"the address, mapped", "[::ffff:127.0.0.1]", 421},
		{"the address as a number", "2130706433", 421},
		{"a port that is none", "localhost:http", 421},
		{"a port out of range", "localhost:65536", 421},
		{"the name in the brackets of an address", "[localhost]:8080", 421},
		{"user information", "localhost@evil.test", 400}, // net/http itself refuses it
	} {
		resp, body := wire(t, addr, "GET /healthz HTTP/1.1\r\nHost: "+tt.host+"\r\n\r\n")
		if resp.StatusCode != tt.status {
			t.Errorf("%s (%q): %d, want %d", tt.because, tt.host, resp.StatusCode, tt.status)
		}
		if tt.status != 200 && (strings.Contains(body, "<script") || strings.Contains(body, "/assets/") || body == "ok") {
			t.Errorf("%s (%q): the refusal shows the console:\n%s", tt.because, tt.host, body)
		}
	}
}

func TestAForeignNameIsRefusedOnEveryRoute(t *testing.T) {
	s, _ := newConsole(t)
	addr := serve(t, s)
	for _, route := range s.echo.Routes() {
		for _, host := range []string{"evil.test", "127.0.0.1.nip.io", "localhost.evil", ""} {
			resp, _ := wire(t, addr, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", route.Method, route.Path, host))
			if resp.StatusCode != http.StatusMisdirectedRequest {
				t.Errorf("%s %s by %q: %d", route.Method, route.Path, host, resp.StatusCode)
			}
		}
	}
}

func TestThePageForAForeignNameSaysWhichWorks(t *testing.T) {
	s, _ := newConsole(t)
	addr := serve(t, s)
	resp, body := wire(t, addr, "GET / HTTP/1.1\r\nHost: box.example:9000\r\n\r\n")
	for _, want := range []string{"http://localhost:9000/", "http://console.lan:9000/", "elbow --host box.example"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if !resp.Close {
		t.Error("the connection stays open, and the next name on it would come here too")
	}
	if csp := resp.Header.Get("Content-Security-Policy"); strings.Contains(csp, "script-src") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("policy %q", csp)
	}
	_, body = wire(t, addr, "GET / HTTP/1.1\r\nHost: \r\n\r\n")
	if !strings.Contains(body, "http://localhost:8080/") || strings.Contains(body, "--host") {
		t.Errorf("without any name:\n%s", body)
	}
	_, body = wire(t, addr, "GET / HTTP/1.1\r\nHost: never-1.ap-northeast-1.elb.localhost\r\n\r\n")
	if strings.Contains(body, "--host") {
		t.Errorf("a tenant's name is offered as one of the console's:\n%s", body)
	}
	_, body = wire(t, addr, "GET / HTTP/1.1\r\nHost: box.example\r\nAccept-Language: ja\r\n\r\n")
	if !strings.Contains(body, `lang="ja"`) || !strings.Contains(body, "コンソール") {
		t.Errorf("in Japanese:\n%s", body)
	}
}

func TestTheAddressIsRedirectedToTheName(t *testing.T) {
	s, _ := newConsole(t)
	addr := serve(t, s)
	for _, tt := range []struct{ method, host, path, location string }{
		{"GET", "127.0.0.1:8080", "/ec2/instances?q=a%20b", "http://localhost:8080/ec2/instances?q=a%20b"},
		{"GET", "127.0.0.1", "/", "http://localhost/"},
		{"HEAD", "[::1]:81", "/x%2Fy", "http://localhost:81/x%2Fy"},
		{"GET", "127.0.0.1:8080", "//evil.test/", "http://localhost:8080//evil.test/"},
	} {
		r, _ := http.NewRequest(tt.method, "http://"+addr+tt.path, nil)
		r.Host = tt.host
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusTemporaryRedirect || resp.Header.Get("Location") != tt.location {
			t.Errorf("%s %s%s: %d to %q", tt.method, tt.host, tt.path, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	resp, _ := wire(t, addr, "POST /preferences/theme HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a POST to the address: %d", resp.StatusCode)
	}
}

func TestANameThatIsGoneSaysSo(t *testing.T) {
	s, _ := newConsole(t)
	addr := serve(t, s)
	for _, tt := range []struct {
		host   string
		status int
		says   string
	}{
		{stoppedName, 503, "stopped"},
		{terminatedName + ":8080", 404, "terminated"},
		{strings.ToUpper(deletedName), 404, "deleted"},
		{liveName, 421, "No load balancer"},
	} {
		for _, path := range []string{"/", "/ec2/instances", "/assets/x", "/events", "/healthz"} {
			resp, body := wire(t, addr, "GET "+path+" HTTP/1.1\r\nHost: "+tt.host+"\r\n\r\n")
			if resp.StatusCode != tt.status || !strings.Contains(body, tt.says) || strings.Contains(body, "<script") {
				t.Errorf("%s%s: %d\n%s", tt.host, path, resp.StatusCode, body)
			}
			if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'nonce-") {
				t.Errorf("%s%s: policy %q", tt.host, path, csp)
			}
		}
	}
}

func FuzzHostName(f *testing.F) {
	for _, seed := range []string{"localhost", "localhost:8080", "[::1]:80", "[::1%lo]", "", ":", "a:b:c", "LOCALHOST.", "[", "]:1", "127.0.0.1\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host, ok := hostName(text)
		if ok && (host == "" || host != strings.ToLower(host) || strings.ContainsAny(host, " /\\@[]<>\x00")) {
			t.Errorf("%q is taken for the name %q", text, host)
		}
		// Only what is written as the name may count as the name.
		if ok && host == "localhost" && !strings.EqualFold(text[:min(len(text), len("localhost"))], "localhost") {
			t.Errorf("%q is taken for localhost", text)
		}
	})
}
