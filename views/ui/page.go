// Package ui holds the primitives of the console: buttons, tables, forms, dialogs and
// status words in the look of the design system (Cloudscape, visual refresh).
//
// It owns markup, class names and the state of a table that stands in the URL. It knows
// no domain: no instance, no load balancer, and it calls nothing that can fail. Texts come
// in already translated, except ui's own few words. Every component works without a
// script; js/console.js only makes it smoother. All functions are pure and safe for
// concurrent use.
package ui

import (
	"context"
	"maps"
	"net/url"
)

// Page is what every page knows about its request and its reader. It is put into the
// context once a request and only read afterwards.
type Page struct {
	Nonce       string     // of the Content-Security-Policy, for script elements
	Path        string     // of the page that is shown, also when a POST shows it again
	Query       url.Values // of that page
	Region      string     // such as ap-northeast-1
	AccountID   string     // twelve digits
	Mode        string     // "light", "dark", or empty to follow the system
	Flashes     []Flash    // shown once, newest first
	Port        string     // ":8080", or empty for 80: what to append to a tenant's name
	ClientIP    string     // the person's own address, "My IP"
	Version     string     // of the program
	Preferences map[string]TablePreferences
}

type pageKey struct{}

// WithPage returns a context that carries p.
func WithPage(ctx context.Context, p Page) context.Context {
	return context.WithValue(ctx, pageKey{}, p)
}

// PageOf is the page of ctx, the zero Page when there is none.
func PageOf(ctx context.Context) Page {
	p, _ := ctx.Value(pageKey{}).(Page)
	return p
}

// At returns a context whose page is shown at path with query: a POST that fails shows
// the page of its form again, and the links on it must lead to that page.
func At(ctx context.Context, path string, query url.Values) context.Context {
	p := PageOf(ctx)
	p.Path, p.Query = path, query
	return WithPage(ctx, p)
}

// Dialog is the name of the dialog that the URL asks for, or empty.
func (p Page) Dialog() string { return p.Query.Get("dialog") }

// Selected are the ids of the rows selected in the URL.
func (p Page) Selected() []string { return p.Query["sel"] }

// Here is the address of the page without its dialog: where a form leads back to.
func Here(ctx context.Context) string { return address(ctx, "dialog", "") }

// DialogURL is the address of the page with the dialog called name open.
func DialogURL(ctx context.Context, name string) string { return address(ctx, "dialog", name) }

// address is the page's own address with one parameter set, or removed when value is empty.
func address(ctx context.Context, key, value string) string {
	p := PageOf(ctx)
	return withQuery(p.Path, changed(p.Query, key, value))
}

func changed(q url.Values, key, value string) url.Values {
	c := maps.Clone(q)
	if c == nil {
		c = url.Values{}
	}
	c.Del(key)
	if value != "" {
		c.Set(key, value)
	}
	return c
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Crumb is one step of the breadcrumb; the last one is the page itself and has no Href.
type Crumb struct {
	Text string
	Href string
}
