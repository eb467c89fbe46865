package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to show what is waited for.
const patience = 30 * time.Second

// browser is one headless Chromium with its own profile.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// newBrowser starts a Chromium, or skips the test, loudly, where there is none.
func newBrowser(t *testing.T, language string) *browser {
	t.Helper()
	path := chromium()
	if path == "" {
		t.Skip("SKIPPED: NO CHROMIUM ON THIS MACHINE, so the browser tests did not run; install chromium to run them")
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1440, 900), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("accept-lang", language), chromedp.Flag("lang", language),
	)
	t.Cleanup(cancel)
	tab, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(cancelTab)
	if err := chromedp.Do(tab); err != nil { // without a deadline: the browser lives as long as this context
		t.Fatalf("starting Chromium: %v", err)
	}
	return &browser{t: t, ctx: tab}
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-headless-shell", "google-chrome", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// page is one tab, driven by the labels that a person would use.
type page struct {
	t     *testing.T
	ctx   context.Context
	shots string // where screenshots go
	shot  int
	marks int
}

// open opens a tab at the URL.
func (b *browser) open(url string) *page {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("opening a tab: %v", err)
	}
	p := &page{t: b.t, ctx: ctx, shots: screenshotDir(b.t)}
	p.do(chromedp.EmulateViewport(1440, 900))
	p.goTo(url)
	return p
}

// screenshotDir is a folder that git ignores, one a test.
func screenshotDir(t *testing.T) string {
	dir := filepath.Join("..", "..", "screenshots", strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return t.TempDir() // an unprivileged run in a read-only tree
	}
	return dir
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail("%v", err)
	}
}

// fail ends the test with the message, a picture and the page's text.
func (p *page) fail(format string, args ...any) {
	p.t.Helper()
	p.picture("failed")
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	p.t.Fatalf(format+"\n--- the page:\n%.4000s", append(args, text)...)
}

func (p *page) goTo(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
}

// picture takes a screenshot of the step.
func (p *page) picture(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("no screenshot: %v", err)
		return
	}
	p.shot++
	file := filepath.Join(p.shots, fmt.Sprintf("%02d-%s.png", p.shot, name))
	if err := os.WriteFile(file, png, 0o644); err != nil {
		p.t.Logf("no screenshot: %v", err)
	}
}

// finder is the JavaScript that finds what a person sees. Its functions return an
// element or null; text compares without regard to runs of white space.
const finder = `
const clean = s => (s || "").replace(/\s+/g, " ").trim();
const shown = e => e.checkVisibility({visibilityProperty: true, opacityProperty: false});
const scope = () => document.querySelector("dialog[open]") || document;
const all = q => [...scope().querySelectorAll(q)].filter(shown);
const labelOf = e => clean(e.getAttribute("aria-label")) || clean(e.innerText) || clean(e.value) || clean(e.textContent);
const clickable = t => all("button, a[href], summary, [role=menuitem], input[type=submit], [role=tab]").find(e => labelOf(e) === t && !e.disabled && e.getAttribute("aria-disabled") !== "true");
const fields = "input:not([type=hidden]), textarea, select";
const named = (t, e) => [...(e.labels || [])].some(l => { const c = clean(l.innerText); return c === t || c.startsWith(t + " ") && !l.querySelector("input,select"); })
  || clean(e.getAttribute("aria-label")) === t;
const field = (t, n) => [...scope().querySelectorAll(fields)].filter(e => !e.disabled && (shown(e) || e.type === "radio" || e.type === "checkbox") && named(t, e))[n || 0];
const choice = t => [...scope().querySelectorAll("input[type=radio], input[type=checkbox]")].find(e => !e.disabled && [...e.labels].some(l => shown(l) && (clean(l.innerText) === t || clean(l.innerText).startsWith(t))));
const row = t => all("tbody tr").find(r => clean(r.innerText).includes(t));
`

// find waits for the expression over the finder's functions to give an element, and
// returns a CSS selector for it.
func (p *page) find(what, expression string) string {
	p.t.Helper()
	p.marks++
	mark := fmt.Sprintf("m%d", p.marks)
	script := fmt.Sprintf(`(() => { %s const e = %s; if (!e) return false; e.setAttribute("data-e2e", %q); return true; })()`, finder, expression, mark)
	p.until(what, script)
	return fmt.Sprintf(`[data-e2e=%q]`, mark)
}

// until waits for the script to give true; a page that is just being replaced counts as
// not yet.
func (p *page) until(what, script string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script)); err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			p.fail("the page never showed %s", what)
		case <-time.After(40 * time.Millisecond):
		}
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// click clicks the button, link, menu item or tab with the label. A live region may
// replace it between finding and clicking, so the click itself is tried again.
func (p *page) click(label string) {
	p.t.Helper()
	p.press(fmt.Sprintf("something to click called %q", label), "clickable("+quoted(label)+")")
}

// clickIn clicks what is called label in the table row that shows text.
func (p *page) clickIn(text, label string) {
	p.t.Helper()
	p.press(fmt.Sprintf("%q in the row of %q", label, text),
		fmt.Sprintf(`[...(row(%s)?.querySelectorAll("button, a[href], summary") || [])].find(e => labelOf(e) === %s)`, quoted(text), quoted(label)))
}

// press finds the element and clicks it with the mouse, as a person would.
func (p *page) press(what, expression string) {
	p.t.Helper()
	for range 3 {
		selector := p.find(what, expression)
		ctx, cancel := context.WithTimeout(p.ctx, 3*time.Second)
		err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
		cancel()
		if err == nil {
			return
		}
	}
	p.fail("cannot click %s", what)
}

// fill types into the field with the label, in place of what is there.
func (p *page) fill(label, text string) {
	p.t.Helper()
	p.fillNth(label, 0, text)
}

// fillNth is fill for the nth field with that label, from 0: rows repeat their labels.
func (p *page) fillNth(label string, n int, text string) {
	p.t.Helper()
	selector := p.find(fmt.Sprintf("a field called %q", label), fmt.Sprintf("field(%s, %d)", quoted(label), n))
	p.until("the field emptied", fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.focus(); e.value = ""; e.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`, quoted(selector)))
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// pick selects the option whose text begins with option, in the select with the label.
func (p *page) pick(label, option string) {
	p.t.Helper()
	p.pickNth(label, 0, option)
}

func (p *page) pickNth(label string, n int, option string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the option %q of %q", option, label), fmt.Sprintf(`(() => { %s
		const e = field(%s, %d); if (!e || !e.options) return false;
		const o = [...e.options].find(o => clean(o.text).startsWith(%s)); if (!o) return false;
		e.value = o.value; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`,
		finder, quoted(label), n, quoted(option)))
}

// choose ticks the radio button or checkbox whose label begins with text.
func (p *page) choose(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("a choice called %q", text), fmt.Sprintf(`(() => { %s
		const e = choice(%s); if (!e) return false; if (!e.checked) e.click(); return e.checked; })()`, finder, quoted(text)))
}

// tick selects the table row that shows the text.
func (p *page) tick(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("a row of %q to select", text), fmt.Sprintf(`(() => { %s
		const e = row(%s)?.querySelector("input[type=checkbox], input[type=radio]"); if (!e) return false; if (!e.checked) e.click(); return e.checked; })()`, finder, quoted(text)))
}

// see waits until the page shows the text.
func (p *page) see(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q", text), fmt.Sprintf(`(() => { %s return clean(document.body.innerText).includes(%s); })()`, finder, quoted(text)))
}

// seeIn waits until the table row that shows text shows all of want too.
func (p *page) seeIn(text string, want ...string) {
	p.t.Helper()
	list, _ := json.Marshal(want)
	p.until(fmt.Sprintf("%q in the row of %q", want, text), fmt.Sprintf(`(() => { %s
		const r = row(%s); return !!r && %s.every(w => clean(r.innerText).includes(w)); })()`, finder, quoted(text), list))
}

// text is what the page shows now.
func (p *page) text() string {
	p.t.Helper()
	return p.eval(`document.body.innerText`)
}

// eval gives the string that the JavaScript expression gives.
func (p *page) eval(expression string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		p.fail("evaluating: %v", err)
	}
	return text
}

// mark leaves a mark in the document, which a reload would lose.
func (p *page) mark() {
	p.t.Helper()
	p.eval(`window.elbowMark = "here"`)
}

// unreloaded fails the test when the document that was marked is gone.
func (p *page) unreloaded() {
	p.t.Helper()
	if p.eval(`String(window.elbowMark)`) != "here" {
		p.fail("the page was reloaded, and should have changed live")
	}
}
