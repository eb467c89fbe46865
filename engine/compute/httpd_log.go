package compute

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"
)

// maxLog is the size at which a log is set aside as NAME.1, which replaces the one before:
// a machine's two generations of a log never take more than twice this.
const maxLog = 8 << 20

// writeStep is how many bytes of a response are sent under one deadline.
const writeStep = 1 << 20

// logFile is a log inside a machine. Each line is on its way to the file system when
// Write returns, so that a person who looks sees it. It is safe for concurrent use.
type logFile struct {
	root *os.Root
	name string

	mu   sync.Mutex
	file *os.File // guarded by mu
	size int64    // guarded by mu
}

// openLog opens a log for appending and creates it when it is absent. Its directory must
// exist, as for Apache.
func openLog(root *os.Root, name string) (*logFile, error) {
	dir, err := resolve(root, path.Dir(name), true)
	if err != nil {
		return nil, err
	}
	l := &logFile{root: root, name: path.Join(dir.name, path.Base(name))}
	return l, l.openLocked()
}

// openLocked opens the file; l.mu must be held, or l still be unknown to others.
func (l *logFile) openLocked() error {
	f, err := l.root.OpenFile(l.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: l.name, Err: syscall.EINVAL}
	}
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.size = f, info.Size()
	return nil
}

// Write appends one line, and sets the log aside first when it has grown too long.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return 0, os.ErrClosed
	}
	if l.size > 0 && l.size+int64(len(line)) > maxLog {
		l.rotateLocked()
	}
	n, err := l.file.Write(line)
	l.size += int64(n)
	return n, err
}

// rotateLocked sets the log aside; where that fails, it is begun anew in place. l.mu must be held.
func (l *logFile) rotateLocked() {
	old := l.file
	if l.root.Rename(l.name, l.name+".1") == nil && l.openLocked() == nil {
		old.Close()
		return
	}
	l.file, l.size = old, 0
	_ = old.Truncate(0) // a full disk must not stop the server either
}

// Close closes the file; later writes fail.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// log writes the request's line in Apache's combined format. The address is the peer's
// own: nothing that a client can write into a header counts as where it comes from.
func (h *httpd) log(rec *recorder, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = "-"
	}
	size := "-"
	if rec.bytes > 0 {
		size = fmt.Sprint(rec.bytes)
	}
	// A line that cannot be written is lost, as with Apache: serving goes on.
	_, _ = fmt.Fprintf(h.access, "%s - - [%s] \"%s %s %s\" %d %s \"%s\" \"%s\"\n",
		host, rec.begun.UTC().Format("02/Jan/2006:15:04:05 -0700"),
		quoted(r.Method), quoted(r.RequestURI), r.Proto, rec.status, size,
		orDash(r.Referer()), orDash(r.UserAgent()))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return quoted(s)
}

// quoted escapes what would break a log line or a terminal, as Apache does: quotes and
// backslashes by a backslash, control and non-ASCII bytes as \xhh.
func quoted(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// recorder remembers what was sent, for the log, and gives each step of a response its
// own time, so that a slow client may take long and a dead one may not.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	head    bool
	begun   time.Time
	status  int
	bytes   int64
}

// Unwrap lets an http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader sends the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.extend()
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a piece of the body.
func (r *recorder) Write(p []byte) (int, error) {
	r.extend()
	n, err := r.ResponseWriter.Write(p)
	r.sent(int64(n))
	return n, err
}

// ReadFrom sends the body from src, by the kernel alone where the connection can do that.
func (r *recorder) ReadFrom(src io.Reader) (total int64, err error) {
	for {
		r.extend()
		n, err := io.CopyN(r.ResponseWriter, src, writeStep)
		total += n
		r.sent(n)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (r *recorder) sent(n int64) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if !r.head {
		r.bytes += n
	}
}

// extend fails on connections without deadlines, which then have none.
func (r *recorder) extend() { _ = r.control.SetWriteDeadline(time.Now().Add(writeTimeout)) }
