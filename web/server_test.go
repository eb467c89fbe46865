package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"elbow/engine/event"
	"elbow/engine/network"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gates is a gateway with the console on localhost and a few names that are gone.
type gates map[string]network.Route

// IsConsoleName compares names as the gateway does, without their final dot.
func (g gates) IsConsoleName(host string) bool {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	return name == "localhost" || name == "console.lan"
}

func (g gates) Ports() []int { return []int{8080} }
func (g gates) Lookup(host string) (network.Route, bool) {
	route, ok := g[host]
	return route, ok
}

const (
	stoppedName    = "ec2-203-0-113-5.ap-northeast-1.compute.localhost"
	terminatedName = "ec2-203-0-113-6.ap-northeast-1.compute.localhost"
	deletedName    = "front-1234567890.ap-northeast-1.elb.localhost"
	liveName       = "live-1234567890.ap-northeast-1.elb.localhost"
)

// newConsole is a console over a bus alone: enough for everything but the nouns.
func newConsole(t *testing.T) (*Server, *event.Bus) {
	t.Helper()
	bus := &event.Bus{}
	s := newServer(Config{
		Names: []string{"localhost", "console.lan"}, Region: "ap-northeast-1", Account: "123456789012", Version: "test",
		Gateway: gates{
			stoppedName:    {Name: stoppedName, Gone: "stopped", Resource: "i-0123456789abcdef0"},
			terminatedName: {Name: terminatedName, Gone: "terminated", Resource: "i-0123456789abcdef1"},
			deletedName:    {Name: deletedName, Gone: "deleted", Resource: "front"},
			liveName:       {Name: liveName, Interfaces: []string{"eni-1"}},
		},
	}, bus)
	t.Cleanup(s.Shutdown)
	return s, bus
}

// ask sends a request to the console by its own name; headers come in pairs.
func ask(s *Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost:8080"+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// wire sends a raw request over a real socket and reads the whole answer.
func wire(t *testing.T, addr, request string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("answer to %q: %v", request, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// fetch asks the console at addr by its own name, over a real socket.
func fetch(t *testing.T, method, addr, path string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "localhost"
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return http.DefaultTransport.RoundTrip(r)
}

// serve runs the console's own server on a loopback port until the test ends.
func serve(t *testing.T, s *Server) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := s.HTTPServer()
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		<-served
	})
	return l.Addr().String()
}

func TestAConsoleNeedsAnEngineAndAGateway(t *testing.T) {
	if _, err := New(Config{Gateway: gates{}}); err == nil {
		t.Error("a console without an engine was made")
	}
}

func TestTheServerHasTheConsolesLimits(t *testing.T) {
	s, _ := newConsole(t)
	h := s.HTTPServer()
	if h.ReadHeaderTimeout != 10*time.Second || h.IdleTimeout != time.Minute || h.MaxHeaderBytes != 64<<10 {
		t.Errorf("limits are %v, %v, %d", h.ReadHeaderTimeout, h.IdleTimeout, h.MaxHeaderBytes)
	}
	if h.WriteTimeout != 0 {
		t.Error("a write timeout would cut every event stream")
	}
}

func TestTheBareAddressLeadsToTheDashboard(t *testing.T) {
	s, _ := newConsole(t)
	w := ask(s, "GET", "/", "")
	if w.Code != http.StatusFound || w.Header().Get("Location") != "/ec2/" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
}
