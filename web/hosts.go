package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ownNamesOnly lets a request in only by one of the console's own names, on whatever port:
// a published port is often another than ours. This is what stops DNS rebinding, where a
// foreign name leads here, which the cross-origin check cannot see.
func (s *Server) ownNamesOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, ok := hostName(r.Host)
		switch {
		case ok && s.gateway.IsConsoleName(host):
			next.ServeHTTP(w, r)
		case ok && isLoopback(host) && r.URL.Path == "/healthz":
			next.ServeHTTP(w, r)
		case ok && isLoopback(host) && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			http.Redirect(w, r, s.sameAddress(r), http.StatusTemporaryRedirect)
		default:
			s.notOurs(w, r, host)
		}
	})
}

// notOurs answers a request that came by a name which is not the console's: a page that
// says what became of a tenant's thing, or which name works. The connection is closed, so
// that the next request on it finds its own way through the gateway.
func (s *Server) notOurs(w http.ResponseWriter, r *http.Request, host string) {
	w.Header().Set("Connection", "close")
	if route, ok := s.gateway.Lookup(host); ok && route.Gone != "" {
		s.gone(w, r, route)
		return
	}
	s.misdirected(w, r, host)
}

// hostName is the name in a Host header, in lower case and without its port and the
// brackets of an IPv6 address; ok is false when it is none. A zone or a final dot makes it
// another name than the console's, whatever it resolves to.
func hostName(hostPort string) (host string, ok bool) {
	host = hostPort
	if h, port, err := net.SplitHostPort(hostPort); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", false
		}
		host = h
	}
	bracketed := strings.HasPrefix(hostPort, "[")
	host = strings.ToLower(strings.Trim(host, "[]"))
	if addr, err := netip.ParseAddr(host); err == nil {
		return host, addr.Zone() == "" && addr.Is6() == bracketed
	}
	if strings.HasSuffix(host, ".") { // the gateway compares names without it
		return host, false
	}
	return host, !bracketed && host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") == ""
}

// isLoopback reports whether a person typed the machine's own address where a name is needed.
func isLoopback(host string) bool { return host == "127.0.0.1" || host == "::1" }

// sameAddress is the requested address under the console's first name, port kept.
func (s *Server) sameAddress(r *http.Request) string {
	to := url.URL{
		Scheme: scheme(r), Host: s.names[0] + portSuffix(r.Host),
		Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery,
	}
	return to.String()
}

// addresses are where the console can be opened: each of its names, on the port that the
// person is on, or on ours where theirs cannot be known.
func (s *Server) addresses(r *http.Request) []string {
	port := portSuffix(r.Host)
	if ports := s.gateway.Ports(); r.Host == "" && len(ports) > 0 {
		port = ":" + strconv.Itoa(ports[0])
	}
	all := make([]string, 0, len(s.names))
	for _, name := range s.names {
		all = append(all, scheme(r)+"://"+name+port+"/")
	}
	return all
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
