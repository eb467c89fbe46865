package compute

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// site is a web server's machine without a machine: a directory served by httpd.
type site struct {
	t    *testing.T
	dir  string
	base string // where the host's secrets are
	http *httpd
}

func newSite(t *testing.T) *site {
	t.Helper()
	base := t.TempDir()
	dir := filepath.Join(base, "machine")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := layBase(root, "elbow-linux-2023-web"); err != nil {
		t.Fatal(err)
	}
	server, err := newHTTPD(root, func(host string) bool { return host == "console.test" })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.close(); root.Close() })
	s := &site{t: t, dir: dir, base: base, http: server}
	if err := os.WriteFile(filepath.Join(base, "secret"), []byte("HOST SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) file(name, content string, mode os.FileMode) {
	s.t.Helper()
	name = filepath.Join(s.dir, "var/www/html", name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) link(target, name string) {
	s.t.Helper()
	if err := os.Symlink(target, filepath.Join(s.dir, "var/www/html", name)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) do(method, target string, header ...string) *http.Response {
	s.t.Helper()
	r := httptest.NewRequest(method, "http://web.test/", nil)
	r.RequestURI = target
	u, err := url.ParseRequestURI(target)
	if err != nil {
		s.t.Fatal(err)
	}
	r.URL = u
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestHTTPDAnswersAsApacheDoes(t *testing.T) {
	s := newSite(t)
	s.file("index.html", "<h1>front</h1>", 0o644)
	s.file("sub/index.html", "sub", 0o644)
	s.file("empty/note.txt", "note", 0o644)
	s.file("private.html", "private", 0o600)
	s.file("closed/in.html", "in", 0o644)
	s.file("a b.txt", "space", 0o644)
	s.file("日本.html", "japan", 0o644)
	s.file("noext", "plain", 0o644)
	if err := os.Chmod(filepath.Join(s.dir, "var/www/html/closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/", 200, "<h1>front</h1>"},
		{"GET", "/index.html?x=1", 200, "<h1>front</h1>"},
		{"HEAD", "/index.html", 200, ""},
		{"GET", "//index.html", 200, "front"},
		{"GET", "/./sub/../index.html", 200, "front"},
		{"GET", "/sub/", 200, "sub"},
		{"GET", "/a%20b.txt", 200, "space"},
		{"GET", "/%E6%97%A5%E6%9C%AC.html", 200, "japan"},
		{"GET", "/sub", 301, `<a href="http://web.test/sub/">here</a>`},
		{"GET", "/empty/", 403, "You don't have permission to access this resource."},
		{"GET", "/private.html", 403, "<h1>Forbidden</h1>"},
		{"GET", "/closed/in.html", 403, "<h1>Forbidden</h1>"},
		{"GET", "/missing.html", 404, "<p>The requested URL was not found on this server.</p>"},
		{"GET", "/index.html/", 404, "not found"},
		{"GET", "/index.html/more", 404, "not found"},
		{"GET", "/missing/more", 404, "not found"},
		{"GET", "/sub%2Findex.html", 404, "not found"},
		{"GET", "/%00", 404, "not found"},
		{"GET", "/../../../etc/passwd", 400, "Bad Request"},
		{"GET", "/%2e%2e/%2e%2e/secret", 400, "Bad Request"},
		{"GET", "/" + strings.Repeat("n", 300), 403, "Forbidden"},
		{"GET", "/" + strings.Repeat("long/", 2000), 414, "length exceeds"},
		{"OPTIONS", "/", 200, ""},
		{"POST", "/", 405, "The requested method POST is not allowed for this URL."},
		{"DELETE", "/index.html", 405, "not allowed"},
		{"TRACE", "/", 405, "not allowed"},
		{"A&B", "/", 405, "A&amp;B"},
	} {
		res := s.do(c.method, c.target)
		body := text(t, res)
		if res.StatusCode != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %.60s: %d %q, want %d %q", c.method, c.target, res.StatusCode, body, c.status, c.body)
		}
		if res.Header.Get("Server") != "Apache/2.4.62 (Elbow)" {
			t.Errorf("%s %.60s: server %q", c.method, c.target, res.Header.Get("Server"))
		}
		if (c.status == 405 || c.method == "OPTIONS") && res.Header.Get("Allow") != "GET,HEAD,OPTIONS" {
			t.Errorf("%s %.60s: allow %q", c.method, c.target, res.Header.Get("Allow"))
		}
	}
	if loc := s.do("GET", "/sub?a=b").Header.Get("Location"); loc != "http://web.test/sub/?a=b" {
		t.Errorf("location %q", loc)
	}
}

func TestContentTypesFollowTheName(t *testing.T) {
	s := newSite(t)
	for name, want := range map[string]string{
		"a.html": "text/html; charset=UTF-8", "a.HTM": "text/html; charset=UTF-8", "a.css": "text/css", "a.js": "text/javascript",
		"a.json": "application/json", "a.svg": "image/svg+xml", "a.png": "image/png", "a.woff2": "font/woff2", "a.txt": "text/plain; charset=UTF-8",
		"noext": "", "a.strange": "",
	} {
		s.file(name, "<html>", 0o644)
		if got := s.do("GET", "/"+name).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestWithoutAnIndexTheRootGivesTheTestPageWith403(t *testing.T) {
	s := newSite(t)
	if err := os.Remove(filepath.Join(s.dir, "var/www/html/index.html")); err != nil {
		t.Fatal(err)
	}
	res := s.do("GET", "/")
	if body := text(t, res); res.StatusCode != 403 || !strings.Contains(body, "Test Page") {
		t.Fatalf("%d %q", res.StatusCode, body)
	}
}

func TestConditionalAndRangeRequests(t *testing.T) {
	s := newSite(t)
	s.file("f.txt", "0123456789", 0o644)
	first := s.do("GET", "/f.txt")
	tag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	if tag == "" || modified == "" || first.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("headers %v", first.Header)
	}
	for _, c := range []struct {
		name, key, value string
		status           int
		body             string
	}{
		{"matching tag", "If-None-Match", tag, 304, ""},
		{"other tag", "If-None-Match", `"x"`, 200, "0123456789"},
		{"not modified", "If-Modified-Since", modified, 304, ""},
		{"modified", "If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT", 200, "0123456789"},
		{"range", "Range", "bytes=2-4", 206, "234"},
		{"suffix", "Range", "bytes=-3", 206, "789"},
		{"beyond", "Range", "bytes=20-", 416, ""},
	} {
		res := s.do("GET", "/f.txt", c.key, c.value)
		if body := text(t, res); res.StatusCode != c.status || c.status != 416 && body != c.body {
			t.Errorf("%s: %d %q", c.name, res.StatusCode, body)
		}
	}
	s.file("f.txt", "0123456789a", 0o644)
	if s.do("GET", "/f.txt").Header.Get("ETag") == tag {
		t.Error("another content has the same ETag")
	}
}

func TestHTTPDNeverServesWhatIsOutsideItsMachine(t *testing.T) {
	s := newSite(t)
	s.link("../../../../secret", "relative")
	s.link("../../../../../../../../../../../../etc/hostname", "far")
	s.link(filepath.Join(s.base, "secret"), "absolute")
	s.link("/etc/system-release", "own")
	s.link("/etc", "ownetc")
	s.link("/proc/self/root/etc/passwd", "proc")
	s.link("loop", "loop")
	for i := range maxLinks + 1 {
		s.link(fmt.Sprintf("chain%d", i+1), fmt.Sprintf("chain%d", i))
	}
	s.file(fmt.Sprintf("chain%d", maxLinks+1), "end", 0o644)
	if err := syscall.Mkfifo(filepath.Join(s.dir, "var/www/html/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{
		"/relative": 404, "/far": 200, "/absolute": 404, "/own": 200, "/ownetc/system-release": 200,
		"/proc": 404, "/loop": 403, "/chain0": 403, "/chain1": 200, "/fifo": 403, "/own/": 404, "/relative/": 404,
		"/..%5c..%5csecret": 404, "/%c0%ae%c0%ae/secret": 404,
	} {
		done := make(chan *http.Response, 1)
		go func() { done <- s.do("GET", target) }()
		select {
		case res := <-done:
			body := text(t, res)
			if res.StatusCode != want || strings.Contains(body, "HOST SECRET") {
				t.Errorf("%s: %d %q, want %d", target, res.StatusCode, body, want)
			}
			if target == "/far" && body != "localhost.localdomain\n" {
				t.Errorf("the machine's own hostname is %q: it came from elsewhere", body)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s blocks", target)
		}
	}
}

func TestALinkSwappedWhileServingNeverLeadsOutside(t *testing.T) {
	s := newSite(t)
	s.file("good/page.txt", "good", 0o644)
	outside := filepath.Join(s.base, "outside")
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "page.txt"), []byte("HOST SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	www := filepath.Join(s.dir, "var/www/html")
	stop, swapped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(swapped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Rename(filepath.Join(www, "good"), filepath.Join(www, "aside"))
			_ = os.Symlink("../../../../outside", filepath.Join(www, "good"))
			_ = os.Remove(filepath.Join(www, "good"))
			_ = os.Rename(filepath.Join(www, "aside"), filepath.Join(www, "good"))
			time.Sleep(50 * time.Microsecond) // the good file must be there now and then
		}
	}()
	served, begun := 0, time.Now()
	for time.Since(begun) < 300*time.Millisecond || served == 0 && time.Since(begun) < 10*time.Second {
		body := text(t, s.do("GET", "/good/page.txt"))
		if strings.Contains(body, "HOST SECRET") {
			t.Fatal("a swapped link led outside")
		}
		if body == "good" {
			served++
		}
	}
	close(stop)
	<-swapped
	if served == 0 {
		t.Fatal("the race was never won by the good file either: nothing was tested")
	}
}

func TestTheAccessLogIsInCombinedFormatAndTrustsNoHeader(t *testing.T) {
	c := newCloud(t, true, 100)
	in := c.launch(1, webImage)
	conn, err := c.fabric.Dial(t.Context(), observer, netip.AddrPortFrom(in.Interface.PrivateIP, 80))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /missing\"<x> HTTP/1.0\r\nHost: web.test\r\nX-Forwarded-For: 9.9.9.9\r\nReferer: a\\b\r\nUser-Agent: te\"st\r\n\r\n")
	if _, err := io.ReadAll(conn); err != nil {
		t.Fatal(err)
	}
	var line string
	c.eventually("the line is in the log", func() bool {
		content, _, err := c.ReadFile(in.ID, "/var/log/httpd/access_log", 1<<20)
		line = string(content)
		return err == nil && line != ""
	})
	want := regexp.MustCompile(`^\S+ - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /missing\\"<x> HTTP/1.0" 404 \d+ "a\\\\b" "te\\"st"\n$`)
	if !want.MatchString(line) || strings.Contains(line, "9.9.9.9") {
		t.Fatalf("log line %q", line)
	}
}

func TestALogLineCannotBeBrokenOrColoured(t *testing.T) {
	if got := quoted("a\"b\\c\n\x1b[31m\xe3\x81"); got != `a\"b\\c\x0a\x1b[31m\xe3\x81` {
		t.Errorf("quoted: %s", got)
	}
}

func TestALogIsSetAsideBeforeItGrowsWithoutEnd(t *testing.T) {
	s := newSite(t)
	name := filepath.Join(s.dir, "var/log/httpd/access_log")
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 20 {
		if _, err := s.http.access.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	now, err := os.Stat(name)
	if err != nil || now.Size() > maxLog {
		t.Fatalf("log of %d bytes, %v", now.Size(), err)
	}
	old, err := os.Stat(name + ".1")
	if err != nil || old.Size() > maxLog || old.Size() == 0 {
		t.Fatalf("log set aside: %v %v", old, err)
	}
}

func TestAConnectionThatNeverSpeaksDoesNotHoldUpAStop(t *testing.T) {
	s := newSite(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.http.serve(l) }()
	idle, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), grace)
	defer cancel()
	for {
		s.http.mu.Lock()
		n := len(s.http.fresh)
		s.http.mu.Unlock()
		if n == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	s.http.stop(ctx)
	if err := <-served; err != nil || time.Since(begun) > 2*time.Second {
		t.Fatalf("stopped after %v: %v", time.Since(begun), err)
	}
}

func FuzzDocumentPath(f *testing.F) {
	for _, s := range []string{"/", "/index.html", "/../x", "/%2e%2e/%2e%2e/etc/passwd", "/a/%2fb", "//a//b/./c/..", "/%00", "*", "", "/a/.."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		name, _, status := documentPath(u)
		if status != 0 {
			return
		}
		if !strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) || name != "/" && !filepath.IsLocal(name[1:]) {
			t.Fatalf("%q gives %q", target, name)
		}
	})
}

func TestAnInstanceNeverAnswersToTheConsolesName(t *testing.T) {
	s := newSite(t)
	s.file("index.html", "tenant", 0o644)
	for host, want := range map[string]int{"console.test": 421, "Console.Test:8080": 421, "console.test.": 421, "other.test": 200} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.http.ServeHTTP(w, r)
		if w.Code != want || want == 421 && strings.Contains(w.Body.String(), "tenant") {
			t.Errorf("Host %s: %d %q, want %d", host, w.Code, w.Body, want)
		}
	}
}
