package compute

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// What the web server of a machine is and how long it waits. The names are Apache's; the
// values are those of the httpd.conf that comes with it.
const (
	documentRoot = "/var/www/html"
	serverName   = "Apache/2.4.62 (Elbow)"

	headerTimeout  = 20 * time.Second // RequestReadTimeout header
	bodyTimeout    = 20 * time.Second
	writeTimeout   = 60 * time.Second // Timeout: for each step of a response
	idleTimeout    = 65 * time.Second // KeepAliveTimeout: longer than a load balancer's 60 s
	maxRequestLine = 8190             // LimitRequestLine, bytes
	maxHeader      = 64 << 10

	// unspoken is how long a graceful stop waits for a connection that has not yet sent
	// a request, such as one that a load balancer opened in advance.
	unspoken = 300 * time.Millisecond
)

// httpd is the web server of one machine, from start to stop. It reads the machine's own
// file system through os.Root, so that nothing outside can ever be served.
type httpd struct {
	root       *os.Root
	refuseHost func(string) bool
	server     *http.Server
	access     *logFile
	errors     *logFile

	mu    sync.Mutex
	fresh map[net.Conn]struct{} // guarded by mu; connections without a request so far
}

// newHTTPD opens the logs below /var/log/httpd and makes a server that is not serving yet.
// refuseHost, which may be nil, reports the names that it answers with 421.
func newHTTPD(root *os.Root, refuseHost func(string) bool) (*httpd, error) {
	access, err := openLog(root, "/var/log/httpd/access_log")
	if err != nil {
		return nil, fmt.Errorf("could not open access log file /var/log/httpd/access_log: %w", reason(err))
	}
	errorLog, err := openLog(root, "/var/log/httpd/error_log")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("could not open error log file /var/log/httpd/error_log: %w", reason(err)), access.Close())
	}
	h := &httpd{root: root, refuseHost: refuseHost, access: access, errors: errorLog, fresh: map[net.Conn]struct{}{}}
	h.server = &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		DisableGeneralOptionsHandler: true, ConnState: h.track, ErrorLog: log.New(errorLog, "", log.LstdFlags),
	}
	return h, nil
}

// reason is what the system said, without the path that it was said about.
func reason(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// serve answers on the listener until stop, which makes it return nil; any other end of
// the listener is an error.
func (h *httpd) serve(l net.Listener) error {
	h.notice("resuming normal operations")
	err := h.server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stop closes the listener, lets requests in flight finish until ctx is done, then cuts
// what is left.
func (h *httpd) stop(ctx context.Context) {
	hurry := time.AfterFunc(unspoken, h.closeFresh)
	err := h.server.Shutdown(ctx)
	hurry.Stop()
	if err != nil {
		_ = h.server.Close() // closing the listener twice is all that can be wrong here
	}
	h.notice("caught SIGWINCH, shutting down gracefully")
}

// close lets go of the logs; nothing may be served any more.
func (h *httpd) close() error { return errors.Join(h.access.Close(), h.errors.Close()) }

func (h *httpd) notice(text string) {
	fmt.Fprintf(h.errors, "[%s] [mpm_event:notice] %s -- %s\n", time.Now().UTC().Format("Mon Jan 02 15:04:05.000000 2006"), serverName, text)
}

// track keeps the set of connections that have not sent a request.
func (h *httpd) track(c net.Conn, state http.ConnState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if state == http.StateNew {
		h.fresh[c] = struct{}{}
		return
	}
	delete(h.fresh, c)
}

func (h *httpd) closeFresh() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.fresh {
		_ = c.Close()
	}
}
