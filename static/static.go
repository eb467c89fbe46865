// Package static holds what a browser loads besides pages: our style sheets and script,
// the icon sprites and the vendored libraries, embedded in the program.
//
// It owns the addresses of these files: each carries the first eight hex digits of the
// file's SHA-256, so an answer may be cached for ever and a changed file has a new
// address. It never serves a page and never looks at who asks. Everything here is safe
// for concurrent use: the table of files is built once and only read afterwards.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Prefix is the path under which the assets are served.
const Prefix = "/assets/"

//go:embed css/*.css js/*.js img/*.svg vendor/htmx/*.js vendor/cloudscape-icons/*.svg
var files embed.FS

// asset is one file, ready to be sent.
type asset struct {
	body []byte
	hash string // the first eight hex digits of its SHA-256
	kind string // Content-Type
}

// assets reads the embedded files once: hashing some 200 kB is not worth doing per page.
var assets = sync.OnceValue(func() map[string]asset {
	found := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		found[name] = asset{body: body, hash: hex.EncodeToString(sum[:4]), kind: contentType(name)}
		return nil
	})
	if err != nil {
		panic("static: the embedded files cannot be read: " + err.Error()) // a broken build
	}
	return found
})

// contentType knows the few types embedded here. The standard library would ask the
// machine's own tables, which differ from host to host.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

// Path is the address of the asset called name, such as "css/console.css". It panics on
// a name that is not embedded: the names are literals in our own templates.
func Path(name string) string {
	a, ok := assets()[name]
	if !ok {
		panic("static: no asset called " + strconv.Quote(name))
	}
	return Prefix + a.hash + "/" + name
}

// Handler answers GET and HEAD under Prefix. A wrong hash is 404, so that a page left
// over from an older program never mixes the two.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	a, ok := assets()[name]
	if !ok || a.hash != hash {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodGet {
		_, _ = w.Write(a.body) // a browser that went away is no fault of ours
	}
}
