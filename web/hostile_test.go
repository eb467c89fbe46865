package web

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/network"
)

// attack is one value in one field of one form.
type attack struct {
	target
	field, how, value string
}

func (a attack) String() string { return fmt.Sprintf("%s: %s in %q", a.name, a.how, a.field) }

func (a attack) sent() url.Values {
	form := maps.Clone(a.form)
	form[a.field] = []string{a.value}
	return form
}

func attacksOn(all []target) (refused, legal []attack) {
	turn := 0
	for _, tt := range all {
		for _, field := range slices.Sorted(maps.Keys(tt.form)) {
			if tt.only != "" && !slices.Contains(strings.Fields(tt.only), field) {
				continue
			}
			tries := maps.Clone(always)
			for i, how := range []string{"control", "nul", "utf8"} { // one rule refuses all three: each field meets one
				if i != turn%3 {
					delete(tries, how)
				}
			}
			turn++
			maps.Copy(tries, tt.more[field])
			for _, how := range slices.Sorted(maps.Keys(tries)) {
				a := attack{tt, field, how, tries[how]}
				switch {
				case a.value == tt.form.Get(field):
				case slices.Contains(strings.Fields(tt.legal[field]), how):
					legal = append(legal, a)
				default:
					refused = append(refused, a)
				}
			}
		}
	}
	return refused, legal
}

func TestHostileInputGetsAClearAnswerAndChangesNothing(t *testing.T) {
	c := furnished(t)
	all := c.targets()
	c.coversEveryRoute(all)
	refused, legal := attacksOn(all)
	before := c.everything()
	for i, a := range refused {
		c.clear(a, c.post(a.path, a.sent()))
		if last := i+1 == len(refused) || refused[i+1].name != a.name || refused[i+1].field != a.field; !last {
			continue
		}
		if now := c.everything(); now != before { // asked once a field: it costs more than the attacks
			t.Errorf("%s, or another attack there: changed something:\n%s", a, difference(before, now))
			before = now
		}
	}
	c.stays(legal)
}

// stays sends what a field may hold, odd as it is: whatever comes of it, nothing breaks
// and nothing is written unescaped, on any page afterwards.
func (c *cloud) stays(legal []attack) {
	c.t.Helper()
	for _, a := range legal {
		got := c.post(a.path, a.sent())
		if got.code >= 500 {
			c.t.Errorf("%s: answers %d", a, got.code)
		}
		c.harmless(a.String(), got)
	}
	for _, path := range c.pages() {
		c.harmless(path, c.get(path))
	}
}

// clear fails the test unless the answer says what is wrong, where it belongs.
func (c *cloud) clear(a attack, got answer) {
	c.t.Helper()
	c.harmless(a.String(), got)
	switch {
	case got.code >= 500:
		c.t.Errorf("%s: answers %d", a, got.code)
	case a.kind == asPick:
		if got.location != "" && !strings.HasPrefix(got.location, "/ec2/") {
			c.t.Errorf("%s: leads to %q", a, got.location)
		}
	case a.kind == asAction && got.code == http.StatusSeeOther:
		if len(got.flashes) == 0 {
			c.t.Errorf("%s: goes to %s and says nothing", a, got.location)
		}
	case got.code < 400:
		c.t.Errorf("%s: answers %d to %s", a, got.code, got.location)
	case a.kind == asForm && got.code != http.StatusNotFound:
		c.filledIn(a, got)
	}
}

// harmless fails the test where something sent is markup in the answer.
func (c *cloud) harmless(what string, got answer) {
	c.t.Helper()
	if strings.Contains(got.body, "<script>alert") || strings.Contains(got.body, "<img src=x") {
		c.t.Errorf("%s: unescaped", what)
	}
	if got.doc == nil {
		return
	}
	for n := range elements(got.doc) {
		for _, at := range n.Attr {
			if strings.HasPrefix(at.Key, "on") || at.Key == "style" {
				c.t.Errorf("%s: <%s %s=%q>", what, n.Data, at.Key, at.Val)
			}
		}
	}
}

// filledIn fails the test unless the form comes back with every other value in it, and the
// message at the field or, for what is no field of the form, on top of it.
func (c *cloud) filledIn(a attack, got answer) {
	c.t.Helper()
	path, _, _ := strings.Cut(a.path, "?")
	form := formTo(got.doc, path)
	if form == nil {
		c.t.Errorf("%s: answers %d without the form", a, got.code)
		return
	}
	have := controls(form)
	for field, want := range a.form {
		if field == a.field || has(form, "enctype") || field == "subnet_ids" && a.field == "vpc_id" {
			continue // a file is chosen anew, and another VPC has other subnets
		}
		if value := want[0]; value != "" && !slices.Contains(have[field], value) {
			c.t.Errorf("%s: %q=%q is lost: %q", a, field, value, have[field])
		}
	}
	if a.how == "html" && typed(form, a.field) && !slices.Contains(have[a.field], a.value) {
		c.t.Errorf("%s: what was typed is lost: %q", a, have[a.field])
	}
	below := typed(form, a.field) && a.field != a.onTop
	if !messageAt(form, a.field) && (below || !told(got.doc)) {
		c.t.Errorf("%s: no message at the field; the form says %s", a, complaints(form))
	}
}

// coversEveryRoute fails the test when a route that changes something is not attacked.
func (c *cloud) coversEveryRoute(all []target) {
	c.t.Helper()
	known := map[string]bool{}
	for _, tt := range all {
		known[tt.route] = true
	}
	for _, route := range c.echo.Routes() {
		if route.Method != http.MethodPost {
			continue
		}
		if !known[route.Path] {
			c.t.Errorf("POST %s is not attacked: add it to targets", route.Path)
		}
		delete(known, route.Path)
	}
	for route := range known {
		c.t.Errorf("%s is attacked but is no route", route)
	}
}

// difference is the first lines that differ.
func difference(before, after string) string {
	old := map[string]int{}
	for line := range strings.Lines(before) {
		old[line]++
	}
	var b strings.Builder
	for line := range strings.Lines(after) {
		if old[line]--; old[line] < 0 && b.Len() < 500 {
			b.WriteString("+" + line)
		}
	}
	return b.String()
}

func TestTheControlOfTheHostileTestNotices(t *testing.T) {
	c := furnished(t)
	before := c.everything()
	if got := c.post("/ec2/security-groups/create", values("group_name", "made", "group_description", "text")); got.code != http.StatusSeeOther || len(got.flashes) != 0 {
		t.Fatalf("%d %q", got.code, got.flashes)
	}
	if c.everything() == before {
		t.Error("a new group is not seen")
	}
	before = c.everything()
	if err := c.engine.WriteFile(t.Context(), c.running, "/var/www/html/x", strings.NewReader("x"), compute.NewFile); err != nil {
		t.Fatal(err)
	}
	if c.everything() == before {
		t.Error("a new file is not seen")
	}
}

func TestTwoPeopleEditTheSameRules(t *testing.T) {
	c := furnished(t)
	path := "/ec2/security-groups/" + c.group + "/inbound"
	mine, hers := controls(formTo(c.get(path).doc, path)), controls(formTo(c.get(path).doc, path))
	add := func(form url.Values, ports string) {
		ruleValues(form, "in_")
		form.Set("in_ports", ports)
	}
	add(hers, "1111")
	add(mine, "2222")
	if got := c.post(path, hers); got.code != http.StatusSeeOther || len(got.flashes) != 0 {
		t.Fatalf("the first: %d %q", got.code, got.flashes)
	}
	before := c.everything()
	got := c.post(path, mine)
	if got.code != http.StatusConflict || c.everything() != before {
		t.Fatalf("the second: %d, changed %t", got.code, c.everything() != before)
	}
	again := controls(formTo(got.doc, path))
	if !slices.Contains(again["in_ports"], "2222") || !strings.Contains(textOf(got.doc), "1111") {
		t.Error("the page lacks what the second typed or what the first saved")
	}
	add(again, "3333")
	again["in_ports"] = []string{"1111", "2222"}
	if got := c.post(path, again); got.code != http.StatusSeeOther {
		t.Errorf("going on from the rules as they are now: %d", got.code)
	}
	group := must(c.engine.DescribeSecurityGroups(t.Context(), c.group))(t)[0]
	if n := len(group.In(network.Ingress)); n != 2 {
		t.Errorf("%d rules in the end, want both", n)
	}
}

func TestTwoPeopleEditTheSameFile(t *testing.T) {
	c := furnished(t)
	files := "/ec2/instances/" + c.running + "/files"
	open := func() url.Values {
		return controls(formTo(c.get(files+"/edit?path=/var/www/html/index.html").doc, files+"/save"))
	}
	mine, hers := open(), open()
	mine.Set("text", "mine")
	hers.Set("text", "hers")
	c.post(files+"/save", hers)
	got := c.post(files+"/save", mine)
	if text := controls(formTo(got.doc, files+"/save")).Get("text"); got.code != http.StatusConflict || strings.TrimSpace(text) != "mine" {
		t.Errorf("the second: %d with %q", got.code, text)
	}
	file, _, err := c.engine.OpenFile(t.Context(), c.running, "/var/www/html/index.html")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text := string(must(io.ReadAll(file))(t)); text != "hers" {
		t.Errorf("the file says %q", text)
	}
}

func TestAFormWhoseSubjectIsGoneChangesNothing(t *testing.T) {
	c := furnished(t)
	group := must(c.engine.CreateSecurityGroup(t.Context(), engine.CreateSecurityGroupInput{Name: "brief", Description: "soon gone"}))(t)
	rules := "/ec2/security-groups/" + group + "/inbound"
	stale := ruleValues(controls(formTo(c.get(rules).doc, rules)), "in_")
	if err := c.engine.DeleteSecurityGroup(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	before := c.everything()
	for path, form := range map[string]url.Values{
		rules: stale, "/ec2/security-groups/delete": values("id", group), "/ec2/tags/security-group/" + group: values("tag_key", "a", "tag_value", "b"),
		"/ec2/instances/" + c.running + "/groups":          values("group_ids", group),
		"/ec2/instances/" + c.gone + "/groups":             values("group_ids", c.group),
		"/ec2/instances/" + c.gone + "/create-image":       values("name", "too-late"),
		"/ec2/instances/" + c.gone + "/services":           values("service", "httpd", "do", "start"),
		"/ec2/instances/" + c.gone + "/files/save":         values("path", "/x", "text", "x", "etag", "new"),
		"/ec2/instances/" + c.gone + "/files/new":          values("dir", "/", "name", "x", "kind", "folder"),
		"/ec2/instances/start":                             values("id", c.gone),
		"/ec2/instances/stop":                              values("id", c.gone),
		"/ec2/instances/terminate":                         values("id", c.stopped), // protected
		"/ec2/instances/reboot":                            values("id", c.stopped, "id", c.running),
		"/ec2/load-balancers/gone/instances":               values("instance_ids", c.running),
		"/ec2/load-balancers/" + c.balancer + "/instances": values("instance_ids", c.gone),
	} {
		got := c.post(path, form)
		if (got.code < 400 || got.code >= 500) && (got.code != http.StatusSeeOther || len(got.flashes) == 0) {
			t.Errorf("%s: answers %d to %q, %q", path, got.code, got.location, got.flashes)
		}
		if now := c.everything(); now != before {
			t.Errorf("%s: changed something:\n%s", path, difference(before, now))
			before = now
		}
	}
}

func TestNothingOfAnotherAccountIsThere(t *testing.T) {
	c := furnished(t)
	before := c.everything()
	f := c.foreign
	for _, path := range []string{
		"/ec2/instances/" + f.instance, "/ec2/instances/" + f.instance + "?tab=files", "/ec2/instances/" + f.instance + "/create-image",
		"/ec2/instances/" + f.instance + "/groups", "/ec2/images/" + f.image, "/ec2/security-groups/" + f.group, "/ec2/security-groups/" + f.group + "/inbound",
		"/ec2/load-balancers/" + f.balancer, "/ec2/load-balancers/" + f.balancer + "/listeners", "/ec2/tags/instance/" + f.instance, "/ec2/tags/image/" + f.image,
		"/ec2/tags/snapshot/" + f.snapshot, "/ec2/tags/security-group/" + f.group, "/ec2/tags/key-pair/" + f.key, "/ec2/tags/load-balancer/" + f.balancer,
	} {
		if got := c.get(path); got.code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, got.code)
		}
		if got := c.post(path, values("name", "kept", "tag_key", "a", "tag_value", "b")); got.code < 400 {
			t.Errorf("POST %s: %d", path, got.code)
		}
	}
	files := "/ec2/instances/" + f.instance + "/files"
	for _, path := range []string{files + "/edit?path=/etc/passwd", files + "/download?path=/etc/passwd"} {
		if got := c.get(path); got.code == http.StatusOK {
			t.Errorf("GET %s: %d", path, got.code)
		}
	}
	for _, path := range []string{"/ec2/", "/ec2/instances", "/ec2/images", "/ec2/images?owner=public", "/ec2/snapshots", "/ec2/security-groups", "/ec2/key-pairs", "/ec2/load-balancers", "/ec2/instances/launch", "/ec2/create-load-balancer", "/activity"} {
		body := c.get(path).body
		for _, id := range []string{f.instance, f.group, f.image, f.snapshot, f.key, f.balancer, f.subnet, "foreign-group"} {
			// The history names what was asked for, as it was typed.
			if strings.Contains(body, id) && path != "/activity" && path != "/ec2/" {
				t.Errorf("%s shows %s of another account", path, id)
			}
		}
	}
	if c.everything() != before {
		t.Error("something has changed")
	}
}
