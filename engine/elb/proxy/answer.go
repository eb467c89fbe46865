package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
)

// statusLine is what follows the version in a status line, in the words of a Classic Load
// Balancer (AWS's guide, "Troubleshoot a Classic Load Balancer: HTTP errors").
func statusLine(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "400 BAD_REQUEST"
	case http.StatusMethodNotAllowed:
		return "405 METHOD_NOT_ALLOWED"
	case http.StatusRequestTimeout:
		return "408 REQUEST_TIMEOUT"
	case http.StatusServiceUnavailable:
		return "503 Service Unavailable: Back-end server is at capacity"
	case http.StatusGatewayTimeout:
		return "504 GATEWAY_TIMEOUT"
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}

// answer makes an answer of the balancer's own, without a body.
func (x *exchange) answer(w http.ResponseWriter, status int) {
	x.Status, x.Own = status, true
	if x.body != nil {
		x.body.Close()
	}
	w.Header().Set("Content-Length", "0")
	if status != http.StatusServiceUnavailable {
		w.Header().Set("Connection", "close")
	}
	x.conn.mu.Lock()
	x.conn.line = statusLine(status)
	x.conn.mu.Unlock()
	w.WriteHeader(status)
}

// errNoTarget: nothing healthy is left to send to.
var errNoTarget = errors.New("no healthy target")

// statusOf says what a request that got no answer is told: 503 when nothing could take
// it, 504 when a target took it and stayed silent or closed, 502 when what came back was
// no HTTP; 0 when the client is not there any more.
func (x *exchange) statusOf(err error, client context.Context) int {
	if x.body != nil {
		if status := x.body.failed(); status != 0 {
			return status
		}
	}
	var connect *connectError
	switch {
	case client.Err() != nil:
		return 0
	case errors.Is(err, errNoTarget):
		return http.StatusServiceUnavailable
	case errors.As(err, &connect) && !isTimeout(err):
		return http.StatusServiceUnavailable
	case !x.heard(), isTimeout(err), errors.Is(err, errCut):
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
