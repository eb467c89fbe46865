package web

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// answer is a page of the console as a browser without JavaScript gets it.
type answer struct {
	code     int
	location string
	body     string
	doc      *html.Node
	flashes  []string // texts of the error flashes, of the page redirected to where there is one
	cookies  []string
}

// get asks for a page as a navigation of our own; headers come in pairs.
func (c *cloud) get(path string, headers ...string) answer {
	c.t.Helper()
	return read(c.t, ask(c.Server, "GET", path, "", append([]string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate"}, headers...)...))
}

// post sends a form of our own and, where the answer leads somewhere, reads the flashes there.
func (c *cloud) post(path string, form url.Values, headers ...string) answer {
	c.t.Helper()
	headers = append([]string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate"}, headers...)
	a := read(c.t, ask(c.Server, "POST", path, form.Encode(), headers...))
	return c.followed(a)
}

// followed adds what the page redirected to says.
func (c *cloud) followed(a answer) answer {
	c.t.Helper()
	if a.location == "" {
		return a
	}
	there := c.get(a.location, "Cookie", strings.Join(a.cookies, "; "))
	if there.code >= 500 {
		c.t.Errorf("%s, gone to after a form, answers %d", a.location, there.code)
	}
	a.flashes = there.flashes
	a.body += there.body
	return a
}

func read(t testing.TB, w *httptest.ResponseRecorder) answer {
	t.Helper()
	a := answer{code: w.Code, location: w.Header().Get("Location"), body: w.Body.String()}
	for _, cookie := range w.Result().Cookies() {
		a.cookies = append(a.cookies, cookie.Name+"="+cookie.Value)
	}
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return a
	}
	a.doc = must(html.Parse(strings.NewReader(a.body)))(t)
	for n := range elements(a.doc) {
		if hasClass(n, "flash-error") {
			a.flashes = append(a.flashes, textOf(n))
		}
	}
	return a
}

// elements are the elements of a document in its order, what is within a template left out.
func elements(n *html.Node) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) { walk(n, yield) }
}

func walk(n *html.Node, yield func(*html.Node) bool) bool {
	if n.Type == html.ElementNode && !yield(n) {
		return false
	}
	if n.Type == html.ElementNode && n.Data == "template" {
		return true
	}
	for child := range n.ChildNodes() {
		if !walk(child, yield) {
			return false
		}
	}
	return true
}

// attr is the value of an attribute, empty where there is none.
func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func hasClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attr(n, "class")), class)
}

// textOf is the text in n, with each run of white space as one space.
func textOf(n *html.Node) string {
	var b strings.Builder
	for child := range n.Descendants() {
		if child.Type == html.TextNode {
			b.WriteString(child.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
