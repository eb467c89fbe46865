package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"elbow/engine"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// The names of the cookies that keep a person's choices. None of them grants anything:
// every port of a host name shares its cookies.
const (
	langCookie   = "elbow_lang"
	modeCookie   = "elbow_mode"
	tableCookie  = "elbow_table_" // followed by the table's name
	flashSession = "elbow_session"
)

// called puts who asks into the context, for the engine's look-ups and its history.
func (s *Server) called(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := engine.WithCaller(r.Context(), engine.Caller{Scope: s.scope, Actor: "console", Source: client(r)})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// client is the address of whoever opened the connection, unmapped; ::1 counts as
// 127.0.0.1, as it does for the security groups. No forwarding header is believed.
func client(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	if addr == netip.IPv6Loopback() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return addr
}

// visited puts the page's surroundings into the context: language, colours, the person's
// choices and where they are.
func (s *Server) visited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := i18n.With(r.Context(), locale(r))
		next.ServeHTTP(w, r.WithContext(ui.WithPage(ctx, s.surroundings(r))))
	})
}

// locale is the person's language: what they chose, else what their browser asks for.
func locale(r *http.Request) *i18n.Locale {
	return i18n.New(i18n.Match(cookieValue(r, langCookie), r.Header.Get("Accept-Language")))
}

func (s *Server) surroundings(r *http.Request) ui.Page {
	nonce, _ := r.Context().Value(nonceKey{}).(string)
	page := ui.Page{
		Nonce: nonce, Path: r.URL.Path, Query: r.URL.Query(),
		Region: s.scope.Region, AccountID: s.scope.Account, Version: s.version,
		Mode: modeOf(r), Port: portSuffix(r.Host), Preferences: tablePreferences(r),
	}
	if addr := client(r); addr.IsValid() {
		page.ClientIP = addr.String()
	}
	return page
}

// modeOf is the colour mode the person chose; empty follows the system.
func modeOf(r *http.Request) string {
	if mode := cookieValue(r, modeCookie); mode == "light" || mode == "dark" {
		return mode
	}
	return ""
}

// tablePreferences reads how the person wants each table.
func tablePreferences(r *http.Request) map[string]ui.TablePreferences {
	all := map[string]ui.TablePreferences{}
	for _, cookie := range r.Cookies() {
		if table, ok := strings.CutPrefix(cookie.Name, tableCookie); ok {
			all[table] = ui.PreferencesFromString(cookie.Value)
		}
	}
	return all
}

// portSuffix is what to append to a tenant's name so that it opens on the port the person
// is on: ":8080", or nothing where the address bar shows no port.
func portSuffix(host string) string {
	if _, port, err := net.SplitHostPort(host); err == nil && port != "" {
		return ":" + port
	}
	return ""
}

func cookieValue(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
