package proxy

import (
	"errors"
	"net/http"
)

// maxInterim bounds the interim answers (1xx) that a target may send to one request: the
// transport has no bound of its own for those that are passed on.
const maxInterim = 16

// errInterim is the cause of requests whose target sent interim answers without end.
var errInterim = errors.New("the target sent too many interim answers")

// answerWriter is where ReverseProxy writes a target's answer. It passes interim answers on
// (RFC 9110, 15.2) under the same rules as final ones, which ReverseProxy keeps to itself.
type answerWriter struct {
	http.ResponseWriter
	server *Server
	x      *exchange
	client *http.Request
	seen   int // interim answers
}

// Unwrap lets http.ResponseController reach what is beneath.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader passes a status on, or cuts the attempt when one interim answer too many came.
func (w *answerWriter) WriteHeader(status int) {
	h := w.Header()
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		if _, ok := h["Content-Type"]; !ok {
			h["Content-Type"] = nil // a target that names none is not to be guessed at
		}
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.seen++; w.seen > maxInterim {
		w.x.cut(errInterim)
		return
	}
	if !w.client.ProtoAtLeast(1, 1) {
		return // an HTTP/1.0 client would take it for the answer
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Trailer", "Upgrade"} {
		h.Del(name)
	}
	if w.server.config.CookiePrefix != "" {
		stripSetCookies(h, w.server.config.CookiePrefix)
	}
	w.ResponseWriter.WriteHeader(status)
}
