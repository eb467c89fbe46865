package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine/network"
	"elbow/views"
	"elbow/views/i18n"
)

// noticePolicy is for pages outside the console's origin: they load nothing and run
// nothing, and the one style element carries the nonce.
const noticePolicy = "default-src 'none'; style-src 'nonce-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// gone answers for the name of something that was stopped (503, it may come back) or
// deleted (404). It stands where the tenant's own site was, so nothing of the console is in it.
func (s *Server) gone(w http.ResponseWriter, r *http.Request, route network.Route) {
	ctx := i18n.With(r.Context(), locale(r))
	status, n := http.StatusNotFound, views.Notice{
		Title: i18n.T(ctx, "gone.deleted_title"),
		Text:  i18n.T(ctx, "gone.deleted", i18n.V{"Name": route.Name, "Resource": route.Resource}),
	}
	switch route.Gone {
	case "stopped":
		status = http.StatusServiceUnavailable
		n.Title = i18n.T(ctx, "gone.stopped_title")
		n.Text = i18n.T(ctx, "gone.stopped", i18n.V{"Name": route.Name, "Resource": route.Resource})
	case "renamed":
		n.Title = i18n.T(ctx, "gone.renamed_title")
		n.Text = i18n.T(ctx, "gone.renamed", i18n.V{"Name": route.Name, "Resource": route.Resource})
		n.Hint, n.Links = i18n.T(ctx, "gone.now"), []string{scheme(r) + "://" + route.Now + portSuffix(r.Host) + "/"}
	case "internal":
		n.Title = i18n.T(ctx, "gone.internal_title")
		n.Text = i18n.T(ctx, "gone.internal", i18n.V{"Name": route.Name, "Resource": route.Resource})
	case "terminated":
		n.Title = i18n.T(ctx, "gone.terminated_title")
		n.Text = i18n.T(ctx, "gone.terminated", i18n.V{"Name": route.Name, "Resource": route.Resource})
	}
	if n.Hint == "" {
		n.Hint, n.Links = i18n.T(ctx, "gone.console"), s.addresses(r)
	}
	s.notice(ctx, w, status, n)
}

// misdirected answers a name that nothing here has: 421, with the names that work.
func (s *Server) misdirected(w http.ResponseWriter, r *http.Request, host string) {
	ctx := i18n.With(r.Context(), locale(r))
	n := views.Notice{
		Title: i18n.T(ctx, "gone.misdirected_title"), Text: i18n.T(ctx, "gone.misdirected", i18n.V{"Host": clip(r.Host)}),
		Hint: i18n.T(ctx, "gone.console"), Links: s.addresses(r),
	}
	_, named := hostName(r.Host)
	switch {
	case s.isTenantName(host):
		n.Text = i18n.T(ctx, "gone.nobody", i18n.V{"Host": clip(r.Host)})
	case named && len(host) <= 253 && !isLoopback(host):
		n.Advice, n.Command = i18n.T(ctx, "gone.host_flag"), "elbow --host "+host
	}
	s.notice(ctx, w, http.StatusMisdirectedRequest, n)
}

// isTenantName reports whether host looks like the public name of a load balancer or an
// instance: the console must never be told to answer to such a name.
func (s *Server) isTenantName(host string) bool {
	return strings.Contains(host, "."+s.scope.Region+".elb.") || strings.Contains(host, "."+s.scope.Region+".compute.")
}

// crossOrigin answers a write that another site sent.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.log.WarnContext(r.Context(), "cross-origin write refused", "request", requestID(r.Context()),
		"method", r.Method, "path", r.URL.Path, "origin", r.Header.Get("Origin"), "site", r.Header.Get("Sec-Fetch-Site"))
	ctx := i18n.With(r.Context(), locale(r))
	s.notice(ctx, w, http.StatusForbidden, views.Notice{
		Title: i18n.T(ctx, "gone.cross_origin_title"), Text: i18n.T(ctx, "gone.cross_origin"),
		Hint: i18n.T(ctx, "gone.console"), Links: s.addresses(r),
	})
}

// notice writes a page that stands by itself.
func (s *Server) notice(ctx context.Context, w http.ResponseWriter, status int, n views.Notice) {
	n.Nonce = randomHex(16)
	buf := templ.GetBuffer()
	defer templ.ReleaseBuffer(buf)
	if err := views.NoticePage(n).Render(ctx, buf); err != nil {
		s.log.ErrorContext(ctx, "notice not rendered", "request", requestID(ctx), "err", err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", fmt.Sprintf(noticePolicy, n.Nonce))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(buf.Bytes()); err != nil {
		s.log.DebugContext(ctx, "notice not sent", "err", err)
	}
}
