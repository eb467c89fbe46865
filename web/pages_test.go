package web

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"elbow/engine"
	"elbow/engine/compute"
)

// pages are addresses of every page that there is, with every tab and every dialog.
func (c *cloud) pages() []string {
	c.t.Helper()
	fill := strings.NewReplacer("/instances/:id", "/instances/"+c.running, "/images/:id", "/images/"+c.image, "/security-groups/:id", "/security-groups/"+c.group,
		"/load-balancers/:name", "/load-balancers/"+c.balancer, "/tags/:kind/:id", "/tags/instance/"+c.running)
	var all []string
	for _, route := range c.echo.Routes() {
		path := fill.Replace(route.Path)
		if route.Method != http.MethodGet || slices.Contains([]string{"/", "/healthz", "/events"}, path) || strings.HasPrefix(path, "/assets") || strings.HasSuffix(path, "/download") {
			continue
		}
		if strings.HasSuffix(path, "/files/edit") {
			path += "?path=/var/www/html/index.html"
		}
		all = append(all, path)
	}
	all = append(all, c.tabs()...)
	all = append(all, c.dialogs()...)
	slices.Sort(all)
	return all
}

func (c *cloud) tabs() []string {
	var all []string
	for page, tabs := range map[string]string{
		"/ec2/instances/" + c.running:       "details checks security networking storage files services tags nothing",
		"/ec2/instances/" + c.stopped:       "details checks security networking storage files services tags",
		"/ec2/instances/" + c.gone:          "details checks security networking storage files services tags",
		"/ec2/images/" + c.image:            "details storage tags",
		"/ec2/images/" + c.baseImage:        "details storage tags",
		"/ec2/security-groups/" + c.group:   "inbound outbound used tags",
		"/ec2/security-groups/" + c.used:    "inbound outbound used tags",
		"/ec2/load-balancers/" + c.balancer: "listeners network security health targets monitoring attributes tags",
	} {
		for tab := range strings.FieldsSeq(tabs) {
			all = append(all, page+"?tab="+tab)
		}
	}
	for _, tags := range []string{"image/" + c.image, "snapshot/" + c.snapshot, "security-group/" + c.group, "key-pair/" + c.key, "load-balancer/" + c.balancer} {
		all = append(all, "/ec2/tags/"+tags)
	}
	return append(all, "/ec2/images?owner=public", "/activity?q=Run&page=2", "/ec2/instances/"+c.running+"/files/new?path=/&kind=folder")
}

func (c *cloud) dialogs() []string {
	var all []string
	for list, dialogs := range map[string]string{
		"/ec2/instances?sel=" + c.running: "stop reboot terminate protection nothing", "/ec2/images?sel=" + c.image: "deregister", "/ec2/snapshots?sel=" + c.snapshot: "delete",
		"/ec2/security-groups?sel=" + c.group: "delete", "/ec2/key-pairs?sel=" + c.key: "delete", "/ec2/load-balancers?sel=" + c.balancer: "delete",
		"/ec2/load-balancers/" + c.balancer + "?tab=targets&sel=" + c.running: "deregister", "/ec2/images/" + c.image + "?tab=tags": "deregister",
		"/ec2/instances/" + c.running + "?tab=details": "stop reboot terminate protection", "/ec2/security-groups/" + c.group + "?tab=inbound": "delete",
	} {
		for dialog := range strings.FieldsSeq(dialogs) {
			all = append(all, list+"&dialog="+dialog)
		}
	}
	return all
}

// rawKey matches what a catalog key looks like that found no words.
func rawKey(t *testing.T) *regexp.Regexp {
	t.Helper()
	files := must(filepath.Glob("../views/i18n/*.en.json"))(t)
	if len(files) < 10 {
		t.Fatalf("only %d catalogs: the test looks in the wrong place", len(files))
	}
	keys := regexp.MustCompile(`(?m)^\s*"([a-z_]+)\.`)
	nouns := map[string]bool{}
	for _, file := range files {
		for _, found := range keys.FindAllStringSubmatch(string(must(os.ReadFile(file))(t)), -1) {
			nouns[found[1]] = true
		}
	}
	var all []string
	for noun := range nouns {
		all = append(all, noun)
	}
	return regexp.MustCompile(`(^|[\s"'(>])(` + strings.Join(all, "|") + `)\.[a-z_]+($|[\s"')<:,.])`)
}

func TestEveryPageAnswersInBothLanguages(t *testing.T) {
	c := furnished(t)
	raw := rawKey(t)
	for _, path := range c.pages() {
		english, japanese := c.get(path, "Accept-Language", "en"), c.get(path, "Accept-Language", "ja")
		for lang, page := range map[string]answer{"en": english, "ja": japanese} {
			if page.code != http.StatusOK || page.doc == nil {
				t.Errorf("%s in %s: %d", path, lang, page.code)
				continue
			}
			for text := range texts(page.doc) {
				if found := raw.FindString(text); found != "" {
					t.Errorf("%s in %s shows the key %q", path, lang, found)
				}
				if strings.Contains(text, "<no value>") || strings.Contains(text, "%!") || strings.Contains(text, "{{") {
					t.Errorf("%s in %s shows an unfilled sentence: %q", path, lang, text)
				}
			}
			wellFormed(t, path+" in "+lang, page)
		}
		if got := attr(rootOf(japanese.doc), "lang"); got != "ja" {
			t.Errorf("%s: lang is %q", path, got)
		}
		if !strings.ContainsFunc(titleOf(japanese.doc), func(r rune) bool { return r > 0x3000 }) && titleOf(japanese.doc) == titleOf(english.doc) && !strings.Contains(path, "-") {
			t.Errorf("%s has the title %q in both languages", path, titleOf(english.doc))
		}
	}
}

// texts are all texts of a document that a person reads or hears.
func texts(doc *html.Node) func(func(string) bool) {
	return func(yield func(string) bool) {
		for n := range doc.Descendants() {
			if n.Type == html.TextNode && n.Parent.Data != "textarea" && n.Parent.Data != "script" && !yield(n.Data) {
				return
			}
			for _, name := range []string{"aria-label", "title", "placeholder", "alt"} {
				if text := attr(n, name); text != "" && !yield(text) {
					return
				}
			}
		}
	}
}

func rootOf(doc *html.Node) *html.Node {
	for n := range elements(doc) {
		return n
	}
	return doc
}

func titleOf(doc *html.Node) string {
	for n := range elements(doc) {
		if n.Data == "title" {
			return textOf(n)
		}
	}
	return ""
}

// wellFormed fails the test where the page would make a browser guess, or would need a
// looser policy: elements left open or closed twice, ids used twice, labels that lead
// nowhere, code or style in the markup.
func wellFormed(t *testing.T, what string, page answer) {
	t.Helper()
	if problem := nesting(page.body); problem != "" {
		t.Errorf("%s: %s", what, problem)
	}
	ids := map[string]bool{}
	for n := range elements(page.doc) {
		if id := attr(n, "id"); id != "" && ids[id] {
			t.Errorf("%s: the id %q is there twice", what, id)
		} else if id != "" {
			ids[id] = true
		}
		if n.Data == "style" || n.Data == "script" && (attr(n, "nonce") == "" || attr(n, "src") == "") {
			t.Errorf("%s: a <%s> in the page", what, n.Data)
		}
		if href := strings.TrimSpace(strings.ToLower(attr(n, "href"))); strings.HasPrefix(href, "javascript:") || strings.HasPrefix(href, "data:") {
			t.Errorf("%s: a link to %q", what, href)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				t.Errorf("%s: <%s %s=%q>", what, n.Data, a.Key, a.Val)
			}
		}
	}
	for n := range elements(page.doc) {
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby", "list", "form"} {
			for id := range strings.FieldsSeq(attr(n, name)) {
				if !ids[id] {
					t.Errorf("%s: <%s %s=%q> leads nowhere", what, n.Data, name, id)
				}
			}
		}
	}
}

// nesting reports the first end tag that does not close what was opened last.
func nesting(body string) string {
	z := html.NewTokenizer(strings.NewReader(body))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				return fmt.Sprintf("<%s> is never closed", open[len(open)-1])
			}
			return ""
		case html.StartTagToken:
			name, _ := z.TagName()
			if tag := string(name); !slices.Contains([]string{"input", "br", "hr", "img", "meta", "link", "col", "wbr", "source"}, tag) {
				open = append(open, tag)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return fmt.Sprintf("</%s> closes %q", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

func TestEveryListWorksWithoutJavaScript(t *testing.T) {
	c := furnished(t)
	for _, tt := range []struct{ list, id, button, leads string }{
		{"/ec2/instances", c.running, "/ec2/instances/open", "/ec2/"},
		{"/ec2/images", c.image, "/ec2/images/launch", "/ec2/instances/launch?ami=" + c.image},
		{"/ec2/security-groups", c.group, "/ec2/security-groups/open", "/ec2/security-groups/" + c.group + "/inbound"},
		{"/ec2/key-pairs", c.key, "/ec2/key-pairs/tags", "/ec2/tags/key-pair/" + c.key},
		{"/ec2/load-balancers", c.balancer, "/ec2/load-balancers/open", "/ec2/"},
	} {
		button, form := submitter(c.get(tt.list).doc, tt.button)
		if button == nil || form == nil {
			t.Errorf("%s has no button that posts the selection to %s", tt.list, tt.button)
			continue
		}
		sent := values("sel", tt.id)
		if name := attr(button, "name"); name != "" {
			sent.Set(name, attr(button, "value"))
		}
		if got := c.post(tt.button, sent); got.code != http.StatusSeeOther || !strings.HasPrefix(got.location, tt.leads) || len(got.flashes) > 0 {
			t.Errorf("%s: %d to %q %q", tt.button, got.code, got.location, got.flashes)
		}
	}
}

// submitter is the button that posts to the path, and the form that it sends.
func submitter(doc *html.Node, path string) (button, form *html.Node) {
	for n := range elements(doc) {
		if n.Data == "button" && attr(n, "formaction") == path {
			button = n
			break
		}
	}
	for n := range elements(doc) {
		if button != nil && n.Data == "form" && attr(n, "id") == attr(button, "form") {
			form = n
		}
	}
	return button, form
}

func TestTheStatesAreChangedFromTheListWithoutJavaScript(t *testing.T) {
	c := furnished(t)
	back := "/ec2/instances?sel=" + c.running
	dialog := c.get(back + "&dialog=stop")
	form := formTo(dialog.doc, "/ec2/instances/stop")
	if form == nil {
		t.Fatal("the address of the dialog does not show it")
	}
	if got := c.post("/ec2/instances/stop", controls(form)); got.code != http.StatusSeeOther || len(got.flashes) > 0 {
		t.Fatalf("%d %q", got.code, got.flashes)
	}
	c.becomes(c.running, compute.Stopped)
	if got := c.post("/ec2/instances/start", values("sel", c.running)); got.code != http.StatusSeeOther || len(got.flashes) > 0 {
		t.Fatalf("%d %q", got.code, got.flashes)
	}
	c.becomes(c.running, compute.Running)
	for _, path := range []string{"/ec2/instances/stop", "/ec2/instances/start", "/ec2/instances/reboot", "/ec2/instances/terminate"} {
		if got := c.post(path, values("back", "/ec2/instances")); got.code != http.StatusSeeOther || len(got.flashes) != 1 {
			t.Errorf("%s with nothing selected: %d %q", path, got.code, got.flashes)
		}
	}
	tick := values("f_sel", "/var/www/html/index.html")
	for _, ask := range []string{"rename-page", "delete-page"} {
		files := "/ec2/instances/" + c.running + "/files/"
		got := c.post(files+ask, tick)
		if form := formTo(got.doc, files+strings.TrimSuffix(ask, "-page")); got.code != http.StatusOK || form == nil {
			t.Errorf("%s: %d", ask, got.code)
		}
	}
}

func TestANameThatNeedsEscapesIsFoundByItsAddress(t *testing.T) {
	c := furnished(t)
	for _, name := range []string{"a/b", "../c", "50% off", "it's", "a b?c#d", payload} {
		must(c.engine.CreateKeyPair(t.Context(), engine.CreateKeyPairInput{Name: name, Type: engine.KeyED25519}))(t)
		there := c.post("/ec2/key-pairs/tags", values("sel", name)).location
		page := c.get(there)
		form := formTo(page.doc, there)
		if page.code != http.StatusOK || form == nil {
			t.Errorf("%q: %s answers %d", name, there, page.code)
			continue
		}
		if got := c.post(there, values("tag_key", "team", "tag_value", "a")); got.code != http.StatusSeeOther || len(got.flashes) > 0 {
			t.Errorf("%q: saving its tags: %d %q", name, got.code, got.flashes)
		}
		c.harmless(name, page)
	}
}
