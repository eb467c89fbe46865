package network

import (
	"bytes"
	"net/url"
	"strings"
)

// peekHost finds the host that a request is for in the first bytes of a connection: that of
// an absolute target, which wins (RFC 9112 section 3.2.2), else the Host line. done is false
// while more bytes could tell. What is no HTTP/1 request has no host; neither has one whose
// head ends without one.
func peekHost(b []byte) (host string, done bool) {
	line, rest, ok := cutLine(b)
	if !ok {
		return "", false
	}
	host, ok = requestTarget(line)
	if !ok || host != "" {
		return host, true
	}
	for {
		line, rest, ok = cutLine(rest)
		if !ok {
			return "", false
		}
		if len(line) == 0 {
			return "", true
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("host")) {
			return string(bytes.Trim(value, " \t")), true
		}
	}
}

// cutLine takes the first line, ended by CR LF or LF alone.
func cutLine(b []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest, ok
}

// requestTarget gives the authority that a request line names, empty for an ordinary path;
// ok is false for what is no request line of HTTP/1.
func requestTarget(line []byte) (host string, ok bool) {
	parts := strings.Split(string(line), " ")
	if len(parts) != 3 || !strings.HasPrefix(parts[2], "HTTP/1.") {
		return "", false
	}
	target := parts[1]
	if strings.HasPrefix(target, "/") {
		return "", true
	}
	if parts[0] == "CONNECT" {
		target = "http://" + target
	}
	// Read as net/http will read it: the gateway and the server must mean the same host.
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return "", false
	}
	return u.Host, true
}

// hostName is a Host value in the one way that names are compared in: lower case, without
// port and final dot.
func hostName(host string) string {
	if strings.HasPrefix(host, "[") {
		host, _, _ = strings.Cut(host[1:], "]")
	} else if strings.Count(host, ":") == 1 {
		host, _, _ = strings.Cut(host, ":")
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}
