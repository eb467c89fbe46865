package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// guard puts what every request passes in front of the routes, outermost first.
func (s *Server) guard(routes http.Handler) http.Handler {
	layers := []func(http.Handler) http.Handler{
		s.rescued, identified, s.ownNamesOnly, secured, s.sameOriginOnly, s.called, s.visited, headAsGet,
	}
	for i := len(layers) - 1; i >= 0; i-- {
		routes = layers[i](routes)
	}
	return routes
}

// rescued turns a panic of the guards themselves into a bare 500 with the request's id. A
// panic in a route never gets here: caught makes it an error like any other.
func (s *Server) rescued(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { // the way to cut a connection, not a mistake
				panic(p)
			}
			id := w.Header().Get(requestIDHeader)
			s.log.ErrorContext(r.Context(), "panic", "request", id, "err", fmt.Sprint(p), "stack", string(debug.Stack()))
			http.Error(w, "Internal error "+id, http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// requestIDHeader carries the id that an error page shows and the log has beside the cause.
const requestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// identified gives the request an id, 16 random hex digits; one that the client sends is
// not believed.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := randomHex(8)
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// requestID is the id of the request that ctx belongs to, empty outside of one.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

type nonceKey struct{}

// policy is the content security policy of every answer on the console's names. Scripts
// need the nonce: under 'self' alone a swapped fragment could still load one of ours.
const policy = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets the security headers before anything can answer.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := randomHex(16)
		h := w.Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(policy, nonce))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), nonceKey{}, nonce)))
	})
}

// sameOriginOnly refuses writes that another site makes the browser send: net/http judges
// by Sec-Fetch-Site, and by Origin against Host where a browser does not send that.
func (s *Server) sameOriginOnly(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	return guard.Handler(next)
}

// headAsGet lets every page that can be got answer HEAD too; net/http leaves the body out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			asGet := *r
			asGet.Method = http.MethodGet
			r = &asGet
		}
		next.ServeHTTP(w, r)
	})
}

// panicError is a panic of a route, on its way to becoming a 500.
type panicError struct {
	cause any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.cause) }

// caught makes a panic of a route an error, so that it ends in the same friendly page.
func (s *Server) caught(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler {
				panic(p)
			}
			if p != nil {
				err = &panicError{cause: p, stack: debug.Stack()}
			}
		}()
		return next(c)
	}
}

// bounded limits a request's body in length and in patience.
func (s *Server) bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, w := c.Request(), c.Response().Writer
		if r.Body == nil || r.Body == http.NoBody {
			return next(c)
		}
		body := http.MaxBytesReader(w, r.Body, bodyLimit(c.Path()))
		r.Body = &patientBody{ReadCloser: body, conn: http.NewResponseController(w)}
		return next(c)
	}
}

// maxSilence is how long a client may pause in the middle of a body.
const maxSilence = 60 * time.Second

// patientBody lets a body take as long as it needs while bytes keep coming.
type patientBody struct {
	io.ReadCloser
	conn *http.ResponseController
}

// Read reads within maxSilence. When the body has ended the deadline is taken away again,
// or the server would take the running answer for abandoned.
func (b *patientBody) Read(p []byte) (int, error) {
	b.deadline(time.Now().Add(maxSilence))
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.deadline(time.Time{})
	}
	return n, err
}

// deadline moves the connection's read deadline. Where that fails the connection is gone,
// which the read itself says, or there is none, as in a test.
func (b *patientBody) deadline(t time.Time) {
	_ = b.conn.SetReadDeadline(t)
}

// randomHex is n random bytes as hex digits.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
