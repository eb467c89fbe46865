package main

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"elbow/engine"
	"elbow/engine/compute"
)

// markup runs if any page writes it as markup.
const markup = `"'><script>document.documentElement.dataset.xss='ran'</script><img src=x onerror="document.documentElement.dataset.xss='ran'">`

// watch collects what a tab complains about and what would only come from a script that
// was let in.
type watch struct {
	mu  sync.Mutex
	all []string // guarded by mu
}

func watched(p *page) *watch {
	p.t.Helper()
	w := &watch{}
	err := chromedp.Listen(p.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *log.EventEntryAdded:
			refused := strings.HasPrefix(ev.Entry.Text, "Failed to load resource") && strings.Contains(ev.Entry.URL, "xss") // the page asked for, a 404
			if !refused && ev.Entry.Level != log.EntryLevelVerbose && ev.Entry.Level != log.EntryLevelInfo {
				w.add("log: " + ev.Entry.Text)
			}
		case *runtime.EventConsoleAPICalled:
			w.add("console: " + string(ev.Type))
		case *runtime.EventExceptionThrown:
			w.add("exception: " + ev.ExceptionDetails.Text)
		case *cdpage.EventJavascriptDialogOpening:
			w.add("dialog: " + ev.Message)
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return w
}

func (w *watch) add(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, text)
}

// waitFor fails the test unless something with the word in it is collected.
func (w *watch) waitFor(t *testing.T, word string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !w.has(word); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was said of %s", word)
		}
	}
}

// has reports whether something collected contains the word.
func (w *watch) has(word string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.all, func(s string) bool { return strings.Contains(s, word) })
}

// quiet fails the test when something was collected since the last time.
func (w *watch) quiet(t *testing.T, what string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) > 0 {
		t.Errorf("%s: %q", what, w.all)
	}
	w.all = nil
}

// TestNoNameRunsAsAScript puts markup wherever a person may write, and opens every page.
func TestNoNameRunsAsAScript(t *testing.T) {
	b := newBrowser(t, "en-US")
	w := startTenancy(t)
	pages := w.poison()
	p := b.open(w.at("localhost") + "/ec2/")
	log := watched(p)
	p.eval(`console.log("the control"), ""`)
	if log.mu.Lock(); len(log.all) == 0 {
		t.Error("the control was not collected")
	}
	log.all = nil
	log.mu.Unlock()
	shown := 0
	for _, path := range pages {
		p.goTo(w.at("localhost") + path)
		if ran := p.eval(`document.documentElement.dataset.xss || ""`); ran != "" {
			t.Errorf("%s ran a script", path)
		}
		shown += strings.Count(p.eval(`document.body.innerText`), "dataset.xss")
		log.quiet(t, path)
	}
	if shown < 15 {
		t.Errorf("the markup is shown %d times as a text: the test does not look at it", shown)
	}
	w.swapsLive(p, log)
}

// swapsLive changes a name while its page is open, so that it comes in by a swap.
func (w *tenancy) swapsLive(p *page, log *watch) {
	w.t.Helper()
	p.goTo(w.at("localhost") + "/ec2/instances")
	p.mark()
	w.must(w.engine.SetTags(w.t.Context(), "instance", w.victim.ID, map[string]string{"Name": "swapped " + markup}))
	p.see("swapped " + markup)
	p.unreloaded()
	if p.eval(`document.documentElement.dataset.xss || ""`) != "" {
		w.t.Error("a swapped name ran as a script")
	}
	log.quiet(w.t, "the live swap")
}

// poison writes markup into every field that takes it, and returns the pages that show it.
func (w *tenancy) poison() []string {
	w.t.Helper()
	ctx, e := w.t.Context(), w.engine
	tags := map[string]string{"Name": markup, markup: markup}
	_, err := e.CreateKeyPair(ctx, engine.CreateKeyPairInput{Name: "k " + markup, Type: engine.KeyED25519, Tags: tags})
	w.must(err)
	image, err := e.CreateImage(ctx, engine.CreateImageInput{InstanceID: w.victim.ID, Name: "image", Description: markup, NoReboot: true, Tags: tags})
	w.must(err)
	group, err := e.CreateSecurityGroup(ctx, engine.CreateSecurityGroupInput{Name: "poisoned", Description: "markup in its tags", Tags: tags})
	w.must(err)
	w.must(e.SetTags(ctx, "instance", w.victim.ID, tags))
	file := "/var/www/html/" + strings.ReplaceAll(markup, "/", "_") + ".txt"
	w.must(e.WriteFile(ctx, w.victim.ID, file, bytes.NewBufferString("</textarea>"+markup), compute.NewFile))
	_, _ = e.TerminateInstances(ctx, "i-"+markup) // refused, which the history shows
	instance, balancer, files := "/ec2/instances/"+w.victim.ID, "/ec2/load-balancers/"+w.balancer.Name, "/ec2/instances/"+w.victim.ID+"/files"
	pages := []string{
		"/ec2/", "/ec2/instances", "/ec2/instances?sel=" + w.victim.ID + "&dialog=terminate", "/ec2/instances/launch", "/ec2/instances?q=" + url.QueryEscape(markup),
		instance + "/create-image", instance + "/groups", files + "/edit?path=" + url.QueryEscape(file), files + "/new?kind=folder&path=" + url.QueryEscape("/"+markup),
		"/ec2/images", "/ec2/images/" + image, "/ec2/images/" + image + "?tab=tags", "/ec2/snapshots", "/ec2/security-groups", "/ec2/security-groups/" + group + "?tab=tags",
		"/ec2/security-groups/" + group + "/inbound", "/ec2/key-pairs", "/ec2/key-pairs?dialog=delete&sel=" + url.QueryEscape("k "+markup), "/ec2/load-balancers", "/ec2/create-load-balancer",
		balancer + "/instances", balancer + "/listeners", "/activity", "/activity?q=" + url.QueryEscape(markup), "/nothing/" + url.PathEscape(markup), "/ec2/instances/" + url.PathEscape(markup),
		"/ec2/tags/instance/" + w.victim.ID, "/ec2/tags/image/" + image, "/ec2/tags/key-pair/" + url.PathEscape("k "+markup), "/ec2/tags/load-balancer/" + w.balancer.Name,
	}
	for _, tab := range []string{"details", "checks", "security", "networking", "storage", "files&path=/var/www/html", "services", "tags"} {
		pages = append(pages, instance+"?tab="+tab)
	}
	for _, tab := range []string{"listeners", "network", "security", "health", "targets", "monitoring", "attributes", "tags"} {
		pages = append(pages, balancer+"?tab="+tab)
	}
	return pages
}
