package proxy

import (
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
)

// maxMethod is the longest method that a Classic Load Balancer takes, in bytes.
const maxMethod = 127

// refusal is the status with which a request is turned away before any target sees it, or
// 0. Every method but CONNECT passes, TRACE and unknown ones included, as on AWS; so does
// a path with dots in it, because nothing here routes by path.
func (s *Server) refusal(r *http.Request) int {
	switch {
	case len(r.Method) > maxMethod:
		return http.StatusMethodNotAllowed
	case r.ProtoMajor != 1, r.Method == "PRI", r.Method == http.MethodConnect:
		return http.StatusBadRequest // PRI and version 2: somebody speaks HTTP/2 to us
	case r.RequestURI == "*" && r.Method != http.MethodOptions:
		return http.StatusBadRequest // RFC 9112, 3.2.4
	case r.URL.Scheme != "" && r.URL.Scheme != "http" && r.URL.Scheme != "https":
		return http.StatusBadRequest
	case r.URL.Opaque != "":
		return http.StatusBadRequest // http:path: neither of the two forms, and no target would know which
	case s.config.RefuseHost != nil && s.config.RefuseHost(hostName(r.Host)):
		return http.StatusMisdirectedRequest
	}
	return 0
}

// hostName is a Host header without its port, brackets and final dot, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// rewrite makes what the target is sent out of what the client sent. The request line,
// Host and framing are written anew by the transport; net/http has dropped the
// hop-by-hop headers. An absolute-form target (RFC 9112, 3.2.2) is sent in origin form:
// its authority has become the Host already.
func (s *Server) rewrite(pr *httputil.ProxyRequest) {
	in, out := pr.In, pr.Out
	out.URL.Scheme, out.URL.Host, out.URL.User = "http", "", nil
	out.URL.RawQuery = in.URL.RawQuery // the target reads it, not us: what is odd stays odd
	if out.Host == "" {
		out.Host = s.config.Addr // HTTP/1.0 may come without one
	}
	// Trailers of requests are dropped: a target could take one for a header.
	out.Trailer = nil
	out.Header.Del("Trailer")
	s.forwarded(in, out)
	if s.config.CookiePrefix != "" {
		stripCookies(out.Header, s.config.CookiePrefix)
	}
}

// forwarded says where the request came from (AWS's guide, "HTTP headers and Classic Load
// Balancers"): the client is added to X-Forwarded-For, the other two are ours alone.
func (s *Server) forwarded(in, out *http.Request) {
	// ReverseProxy drops these for every Rewrite; a Classic Load Balancer knows nothing
	// of them and lets them pass.
	for _, name := range []string{"Forwarded", "X-Forwarded-Host"} {
		if v, ok := in.Header[name]; ok {
			out.Header[name] = v
		}
	}
	client, _, err := net.SplitHostPort(in.RemoteAddr)
	if err != nil {
		client = in.RemoteAddr
	}
	if prior := strings.Join(in.Header["X-Forwarded-For"], ", "); prior != "" {
		client = prior + ", " + client
	}
	out.Header.Set("X-Forwarded-For", client)
	out.Header.Set("X-Forwarded-Proto", s.config.Proto)
	out.Header.Set("X-Forwarded-Port", strconv.Itoa(int(s.config.Port)))
}

// stripCookies takes the cookies of that prefix out of a request and leaves the others as
// they were written: browsers send the console's cookies to every port of its host.
func stripCookies(h http.Header, prefix string) {
	lines, ok := h["Cookie"]
	if !ok {
		return
	}
	var kept []string
	for _, line := range lines {
		var pairs []string
		for pair := range strings.SplitSeq(line, ";") {
			if !reserved(pair, prefix) {
				pairs = append(pairs, strings.TrimSpace(pair))
			}
		}
		if len(pairs) > 0 {
			kept = append(kept, strings.Join(pairs, "; "))
		}
	}
	if h["Cookie"] = kept; len(kept) == 0 {
		h.Del("Cookie")
	}
}

// stripSetCookies keeps a target from setting a cookie of the console's.
func stripSetCookies(h http.Header, prefix string) {
	var kept []string
	for _, line := range h["Set-Cookie"] {
		if !reserved(line, prefix) {
			kept = append(kept, line)
		}
	}
	if h.Del("Set-Cookie"); len(kept) > 0 {
		h["Set-Cookie"] = kept
	}
}

// reserved reports whether NAME=VALUE has a name of that prefix, with or without one of
// the prefixes that browsers know.
func reserved(pair, prefix string) bool {
	name := strings.ToLower(strings.TrimSpace(pair))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "__host-"), "__secure-")
	return strings.HasPrefix(name, strings.ToLower(prefix))
}
