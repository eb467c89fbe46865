package ui_test

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is one page of a headless browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string
}

// newTab opens the gallery at query in a browser of its own. At the end of the test, no
// page may have asked for anything that the content security policy refuses.
func newTab(t *testing.T, events <-chan string) tab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-headless-shell", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("SKIPPED: no Chromium on this machine, so console.js was not tried in a browser")
	}
	var mu sync.Mutex
	var violations []string // guarded by mu
	server := httptest.NewServer(galleryServer(events, func(report string) {
		mu.Lock()
		defer mu.Unlock()
		violations = append(violations, report)
	}))
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1440, 900), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		closeTab()
		stop()
		server.CloseClientConnections()
		server.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, v := range violations {
			t.Errorf("the content security policy was violated: %s", v)
		}
	})
	// The browser lives as long as the context of its first action: that one has no deadline.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return tab{t: t, ctx: ctx, url: server.URL + "/gallery"}
}

func (p tab) open(query string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.url + query))
}

func (p tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// run evaluates a script for what it does.
func (p tab) run(script string) {
	p.t.Helper()
	p.is(script + "; true")
}

func (p tab) holds(script string) bool {
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
	return err == nil && ok
}

// is fails the test unless the script comes to be true within ten seconds.
func (p tab) is(script string) {
	p.t.Helper()
	for range 200 {
		if p.holds(script) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("never true: %s", script)
}

// button finds a button by what stands on it.
const button = `(text => [...document.querySelectorAll("button, a.button, a.menu-item")].find(b => b.innerText.trim() === text))`

func TestInABrowser(t *testing.T) {
	events := make(chan string)
	p := newTab(t, events)
	for name, test := range map[string]func(*testing.T, tab){
		"a selection enables what every selected row allows": selecting,
		"a filter narrows the table while it is typed":       filtering,
		"a dialog opens without leaving the page":            dialogOpens,
		"a dialog can ask for a word":                        askedForAWord,
		"rows are added and removed":                         repeating,
		"fields depend on each other":                        depending,
		"a menu is worked with the keyboard":                 menuByKeyboard,
		"the navigation and flashes go away":                 dismissing,
	} {
		t.Run(name, func(t *testing.T) { p.t = t; test(t, p) })
	}
	t.Run("a region is fetched again on its event alone", func(t *testing.T) { p.t = t; live(p, events) })
}

func selecting(t *testing.T, p tab) {
	p.open("?part=0")
	p.is(button + `("Connect").disabled`)
	p.run(`document.querySelectorAll(".select-box")[0].click()`) // running
	p.is(`!` + button + `("Connect").disabled`)
	p.is(`!document.querySelector("[data-action=stop]").disabled && document.querySelector("[data-action=start]").disabled`)
	p.is(`document.querySelector("[data-counter]").textContent === "(1/137)"`)
	p.is(`document.querySelector("[data-select-all]").indeterminate`)
	p.run(`document.querySelectorAll(".select-box")[1].click()`) // pending: may not be stopped
	p.is(button + `("Connect").disabled && document.querySelector("[data-action=stop]").disabled && !document.querySelector("[data-action=terminate]").disabled`)
	p.run(`document.querySelector("[data-select-all]").click()`)
	p.is(`document.querySelectorAll(".select-box:checked").length === 50 && document.querySelector("[data-counter]").textContent === "(50/137)"`)
}

func filtering(t *testing.T, p tab) {
	p.open("?part=0")
	p.do(chromedp.SendKeys(chromedp.ID("things-q"), "east-1d PENDING"))
	p.is(`document.querySelectorAll(".select-box").length === 9`)
	p.is(`document.querySelector(".table-matches").textContent === "9 matches" && document.activeElement.id === "things-q"`)
	p.is(`new URLSearchParams(location.search).get("q") === "east-1d PENDING" && new URLSearchParams(location.search).get("part") === "0"`)
	p.is(button + `("Connect").disabled`) // the rows came anew, and nothing is selected
	p.run(`document.querySelector("[data-clear-filter]").click()`)
	p.is(`document.querySelectorAll(".select-box").length === 50`)
	p.do(chromedp.SendKeys(chromedp.ID("things-q"), "nowhere"))
	p.is(`document.querySelector(".empty strong").textContent === "No matches"`)
}

func dialogOpens(t *testing.T, p tab) {
	p.open("?part=0")
	p.run(`document.querySelectorAll(".select-box")[0].click(); document.querySelector("#state-menu [data-action=stop]").click()`)
	p.is(`document.querySelector("dialog:modal#stop .mono").textContent === document.querySelector(".select-box").value`)
	p.is(`!location.search.includes("dialog") && document.querySelectorAll(".select-box:checked").length === 1`)
	p.run(`document.querySelector("dialog .modal-foot [data-close]").click()`)
	p.is(`!document.querySelector("dialog")`)
	// The address of a dialog opens it too, and closing it leaves that address.
	p.open("?part=0&dialog=preferences-things")
	p.is(`document.querySelector("dialog:modal input[name=page_size]:checked").value === "50"`)
	p.run(`document.querySelector("dialog [data-close]").click()`)
	p.is(`!location.search.includes("dialog")`)
}

func askedForAWord(t *testing.T, p tab) {
	p.open("?part=1")
	p.run(button + `("Open a dialog").click()`)
	p.is(`document.querySelector("dialog:modal [data-needs-word]").disabled && document.activeElement.name === "confirm"`)
	p.do(chromedp.SendKeys(chromedp.ID("confirm-confirm"), "confirm"))
	p.is(`!document.querySelector("[data-needs-word]").disabled`)
}

func repeating(t *testing.T, p tab) {
	p.open("?part=2")
	p.run(button + `("Add new tag").click()`)
	p.is(`document.querySelectorAll("[name=tag_key]").length === 3 && document.activeElement === document.querySelectorAll("[name=tag_key]")[2]`)
	p.run(`document.querySelectorAll("#tags [data-repeat-remove]")[0].click()`)
	p.is(`[...document.querySelectorAll("[name=tag_key]")].map(f => f.value).join() === "課,"`)
	p.is(`[...document.querySelectorAll("#tags [data-repeat-remove]")].map(b => b.value).join() === "tags:0,tags:1"`)
	p.run(`document.querySelectorAll("#tags [data-repeat-remove]").forEach(b => b.click())`)
	p.is(`!document.querySelector("#tags [data-repeat-empty]").hidden`)
}

func depending(t *testing.T, p tab) {
	p.open("?part=2")
	p.is(`document.querySelector("[name=sg]").disabled && !document.querySelector("[name=sg]").checkVisibility()`)
	p.run(`document.querySelector("[name=group][value=old]").click()`)
	p.is(`!document.querySelector("[name=sg]").disabled && document.querySelector("[data-mirror=group]").textContent === "Select existing security group"`)
	// Within a row the row's own field decides.
	p.is(`[...document.querySelectorAll("[name=rule_port]")].map(f => f.disabled).join() === "true,false"`)
	p.is(`document.querySelector("[data-mirror=kind]").textContent === "t3.micro" && document.querySelector("[data-mirror=image]").textContent === "Amazon Linux with a web server"`)
}

func menuByKeyboard(t *testing.T, p tab) {
	p.open("?part=0")
	p.run(`document.querySelectorAll(".select-box")[0].click(); document.querySelector("[popovertarget=state-menu]").focus()`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.is(`document.getElementById("state-menu").matches(":popover-open") && document.activeElement.innerText.trim() === "Stop instance"`)
	p.is(`(() => { const m = document.getElementById("state-menu").getBoundingClientRect(), b = document.querySelector("[popovertarget=state-menu]").getBoundingClientRect(); return Math.abs(m.left - b.left) < 3 && m.top >= b.bottom && m.top < b.bottom + 12 })()`)
	for _, want := range []string{"Hibernate instance", "Terminate (delete) instance", "Stop instance"} { // "Start" is disabled
		p.do(chromedp.KeyEvent(kb.ArrowDown))
		p.is(`document.activeElement.innerText.trim() === "` + want + `"`)
	}
	p.do(chromedp.KeyEvent(kb.Escape))
	p.is(`!document.getElementById("state-menu").matches(":popover-open") && document.activeElement.getAttribute("popovertarget") === "state-menu"`)
}

func dismissing(t *testing.T, p tab) {
	p.open("?part=3")
	p.run(`window.mark = 1; document.querySelector(".skip-link").click()`)
	p.is(`document.activeElement.id === "main" && location.hash === "#main"`)
	p.run(`history.back()`)
	p.is(`location.hash === "" && window.mark === 1`) // the same document all along
	p.run(`document.querySelector("[data-dismiss]").click()`)
	p.is(`document.querySelectorAll("[data-flash]").length === 4`)
	p.run(`document.querySelector("[data-nav-toggle]").click()`)
	p.is(`!document.getElementById("nav").checkVisibility()`)
	p.open("?part=3")
	p.is(`!document.getElementById("nav").checkVisibility()`) // remembered
	p.run(`document.querySelector("[data-nav-toggle]").click()`)
	p.is(`document.getElementById("nav").checkVisibility()`)
}

func live(p tab, events chan<- string) {
	const times = `Number(document.getElementById("live").innerText.match(/shown (\d+) times/)[1])`
	p.open("?part=3")
	p.run(`window.before = ` + times)
	p.is(times + ` > window.before`) // the first message of a stream is refresh
	p.run(`window.before = ` + times + `; document.querySelector("#live summary").id = "kept"`)
	for _, noun := range slices.Repeat([]string{"load-balancer"}, 3) {
		events <- noun
	}
	p.is(times + ` > window.before`)
	p.run(`window.before = ` + times)
	events <- "key-pair" // which the region does not follow
	events <- "snapshot"
	p.is(times + ` <= window.before + 2`) // at most what was under way
}
