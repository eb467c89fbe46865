package compute

import (
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// refuses reports whether the request names a host that is not this machine's: a page of
// a tenant under the console's own name would have the console's cookies.
func (h *httpd) refuses(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return h.refuseHost != nil && h.refuseHost(strings.ToLower(strings.TrimSuffix(host, ".")))
}

// ServeHTTP answers one request and logs it.
func (h *httpd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w, control: http.NewResponseController(w), head: r.Method == http.MethodHead, begun: time.Now()}
	defer h.log(rec, r)
	rec.Header().Set("Server", serverName)
	if r.ContentLength != 0 {
		// The server reads a small body to its end after the answer; not for ever.
		_ = rec.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	switch {
	case h.refuses(r.Host):
		rec.Header().Set("Connection", "close")
		refuse(rec, r, http.StatusMisdirectedRequest)
	case len(r.RequestURI) > maxRequestLine:
		refuse(rec, r, http.StatusRequestURITooLong)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		h.document(rec, r)
	case r.Method == http.MethodOptions:
		rec.Header().Set("Allow", allowed)
		rec.Header().Set("Content-Length", "0")
		rec.WriteHeader(http.StatusOK)
	default:
		rec.Header().Set("Allow", allowed)
		refuse(rec, r, http.StatusMethodNotAllowed)
	}
}

const allowed = "GET,HEAD,OPTIONS"

// document answers with a file below the document root.
func (h *httpd) document(w http.ResponseWriter, r *http.Request) {
	name, slash, status := documentPath(r.URL)
	if status != 0 {
		refuse(w, r, status)
		return
	}
	at, err := resolve(h.root, path.Join(documentRoot, name), true)
	switch {
	case err != nil:
		refuse(w, r, statusOf(err))
	case !at.public:
		refuse(w, r, http.StatusForbidden)
	case at.info == nil:
		refuse(w, r, http.StatusNotFound)
	case at.info.IsDir() && !slash:
		moved(w, r, name+"/")
	case at.info.IsDir():
		h.index(w, r, name, at)
	case slash:
		refuse(w, r, http.StatusNotFound)
	default:
		h.file(w, r, at)
	}
}

// statusOf is the status for a path that cannot be followed: what is not there is 404,
// whatever else stands in the way 403.
func statusOf(err error) int {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return http.StatusNotFound
	}
	return http.StatusForbidden
}

// index answers for a directory: with its index.html, else with 403, which for the
// document root itself is the test page that comes with the server.
func (h *httpd) index(w http.ResponseWriter, r *http.Request, name string, dir place) {
	at, err := resolve(h.root, path.Join("/", dir.name, "index.html"), true)
	if err == nil && at.info != nil && at.public && !at.info.IsDir() {
		h.file(w, r, at)
		return
	}
	if name == "/" && err == nil && at.info == nil && h.testPage(w) {
		return
	}
	refuse(w, r, http.StatusForbidden)
}

// testPage sends the page for a server without content, if it is installed.
func (h *httpd) testPage(w http.ResponseWriter) bool {
	f, _, err := openRegular(h.root, "usr/share/httpd/noindex/index.html")
	if err != nil {
		return false
	}
	defer f.Close()
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.Copy(w, f) // a client that left is no news
	return true
}

// file sends a regular file that others may read: httpd runs as the user apache, which
// owns nothing.
func (h *httpd) file(w http.ResponseWriter, r *http.Request, at place) {
	f, info, err := openRegular(h.root, at.name)
	if err != nil {
		refuse(w, r, statusOf(err))
		return
	}
	defer f.Close()
	if info.Mode().Perm()&0o004 == 0 {
		refuse(w, r, http.StatusForbidden)
		return
	}
	header := w.Header()
	header.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixMicro()))
	header["Content-Type"] = nil // present and empty: no guessing
	if t := contentType(at.name); t != "" {
		header.Set("Content-Type", t)
	}
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// openRegular opens a regular file for reading, and refuses everything else without ever
// waiting for it: a FIFO opened in the ordinary way blocks.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// moved sends the client to the directory's own address, with the slash that relative
// links need.
func moved(w http.ResponseWriter, r *http.Request, name string) {
	u := *r.URL
	u.Scheme, u.Host, u.Path, u.RawPath = "", "", name, ""
	target := u.String()
	if r.Host != "" {
		target = "http://" + r.Host + target
	}
	w.Header().Set("Location", target)
	page(w, http.StatusMovedPermanently, "Moved Permanently", `The document has moved <a href="`+html.EscapeString(target)+`">here</a>.`)
}

// refuse sends Apache's own page for the status.
func refuse(w http.ResponseWriter, r *http.Request, status int) {
	text := "The server encountered an internal error and was unable to complete your request."
	switch status {
	case http.StatusBadRequest:
		text = "Your browser sent a request that this server could not understand.<br />"
	case http.StatusForbidden:
		text = "You don't have permission to access this resource."
	case http.StatusNotFound:
		text = "The requested URL was not found on this server."
	case http.StatusMethodNotAllowed:
		text = "The requested method " + html.EscapeString(r.Method) + " is not allowed for this URL."
	case http.StatusMisdirectedRequest:
		text = "The requested name does not belong to this server."
	case http.StatusRequestURITooLong:
		text = "The requested URL's length exceeds the capacity limit for this server.<br />"
	}
	page(w, status, http.StatusText(status), text)
}

// page sends a page in the form of Apache's built-in ones. text is HTML.
func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>%d %s</title>\n</head><body>\n<h1>%s</h1>\n<p>%s</p>\n</body></html>\n",
		status, title, title, text)
}
