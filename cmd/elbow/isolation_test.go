package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/network"
)

// hostilePage is what a tenant serves to attack the console of whoever looks at it. Each
// attempt writes what it got; the button gives the script a click to open a window with.
const hostilePage = `<!doctype html><title>a page</title>
<button id="go">You have won</button>
<iframe name="inside" src="CONSOLE/ec2/instances"></iframe>
<form id="kill" method="post" action="CONSOLE/ec2/instances/terminate" target="out"><input name="id" value="VICTIM"></form>
<iframe name="out"></iframe>
<script>
const got = {};
const pause = ms => new Promise(done => setTimeout(done, ms));
const tried = async (name, attempt) => { try { got[name] = "OPEN " + String(await attempt()).slice(0, 200); } catch (e) { got[name] = "closed"; } };
const element = (tag, src) => new Promise((good, bad) => {
  const e = document.createElement(tag); e.onload = () => good("loaded"); e.onerror = () => bad(e); e.src = src; document.body.append(e); });
document.getElementById("go").onclick = async () => {
  const form = () => new URLSearchParams({id: "VICTIM"});
  const popup = window.open("CONSOLE/ec2/instances");
  await tried("fetch", async () => (await fetch("CONSOLE/ec2/instances", {credentials: "include"})).text());
  await tried("read a preflighted answer", async () => (await fetch("CONSOLE/ec2/instances", {credentials: "include", headers: {"HX-Request": "true"}})).text());
  await tried("write", async () => (await fetch("CONSOLE/ec2/instances/terminate", {method: "POST", credentials: "include", body: form()})).text());
  await tried("write and not read", async () => { const r = await fetch("CONSOLE/ec2/instances/terminate", {method: "POST", mode: "no-cors", credentials: "include", body: form()}); if (r.type === "opaque") throw r; return r.type; });
  await tried("beacon", async () => { navigator.sendBeacon("CONSOLE/ec2/instances/terminate", form()); throw 0; });
  await tried("events", () => new Promise((good, bad) => { const e = new EventSource("CONSOLE/events", {withCredentials: true}); e.onopen = () => good("open"); e.onerror = bad; }));
  await tried("script", () => element("script", "CONSOLE/ec2/instances"));
  await tried("image", () => element("img", "CONSOLE/assets/img/logo.svg"));
  await tried("cookies", async () => {
    for (const at of ["; domain=localhost", "; domain=.localhost", "; domain=localhost; path=/ec2"])
      for (const c of ["elbow_lang=ja", "elbow_mode=dark", "elbow_session=0123456789abcdef0123456789abcdef"]) document.cookie = c + at;
    if (!/elbow_/.test(document.cookie)) throw 0; return document.cookie; });
  document.getElementById("kill").submit();
  await pause(1000);
  await tried("frame", async () => frames["inside"].document.body.innerText);
  await tried("answer in a frame", async () => frames["out"].document.body.innerText);
  await tried("window", async () => popup.document.body.innerText);
  await tried("steer the window", async () => { if (!popup || popup.closed) throw 0; popup.document.forms[0].submit(); return "submitted"; });
  document.title = "done";
};
</script>`

// tenancy is a running app with a victim, a hostile server and a server that notes what
// it is sent, the last one also behind a load balancer.
type tenancy struct {
	*app
	t                     *testing.T
	victim, hostile, echo engine.InstanceDescription
	balancer              elb.LoadBalancer
	mu                    sync.Mutex
	asked                 []http.Header // guarded by mu
}

func startTenancy(t *testing.T) *tenancy {
	t.Helper()
	w := &tenancy{app: startApp(t), t: t}
	rule, err := network.ParseRule(network.Ingress, "tcp", "80", "0.0.0.0/0", "")
	w.must(err)
	group, err := w.engine.CreateSecurityGroup(t.Context(), engine.CreateSecurityGroupInput{Name: "open", Description: "open to all", Rules: []network.Rule{rule}})
	w.must(err)
	made, err := w.engine.RunInstances(t.Context(), engine.RunInstancesInput{ImageID: w.webImage(), GroupIDs: []string{group}, Count: 3, AssociatePublicIP: true, Tags: map[string]string{"Name": "server"}})
	w.must(err)
	for i, d := range []*engine.InstanceDescription{&w.victim, &w.hostile, &w.echo} {
		*d = w.running(made.InstanceIDs[i])
	}
	w.serveEcho()
	w.balancer, err = w.engine.CreateLoadBalancer(t.Context(), engine.CreateLoadBalancerInput{
		Name: "front", GroupIDs: []string{group}, InstanceIDs: []string{w.echo.ID}, Attributes: elb.Attributes{CrossZone: true},
		Listeners: []elb.Listener{{Protocol: elb.HTTP, LoadBalancerPort: 80, InstanceProtocol: elb.HTTP, InstancePort: 80}},
	})
	w.must(err)
	return w
}

func (w *tenancy) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *tenancy) webImage() string {
	images, err := w.engine.DescribeImages(w.t.Context())
	w.must(err)
	for _, image := range images {
		if image.Base == "elbow-linux-2023-web" {
			return image.ID
		}
	}
	w.t.Fatal("no image with a web server")
	return ""
}

func (w *tenancy) running(id string) engine.InstanceDescription {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		found, err := w.engine.DescribeInstances(w.t.Context(), id)
		w.must(err)
		if found[0].State == compute.Running {
			return found[0]
		}
	}
	w.t.Fatalf("%s never ran", id)
	return engine.InstanceDescription{}
}

// serveEcho puts a server of the test's own where the instance's httpd was.
func (w *tenancy) serveEcho() {
	w.t.Helper()
	w.must(w.engine.StopService(w.t.Context(), w.echo.ID, "httpd"))
	listener, err := w.gateway.Fabric().Listen(w.echo.Interface.ID, 80)
	w.must(err)
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r.Header.Clone())
		w.mu.Unlock()
		rw.Header().Add("Set-Cookie", "tenant=1")
		rw.Header().Add("Set-Cookie", "elbow_lang=ja; Domain=localhost")
		io.WriteString(rw, "the echo")
	})}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	w.t.Cleanup(func() { _ = server.Close(); served.Wait() })
}

// records is what was asked for, as far as the engine tells: it must not change.
func (w *tenancy) records() string {
	w.t.Helper()
	ctx := w.t.Context()
	instances, err := w.engine.DescribeInstances(ctx)
	w.must(err)
	groups, err := w.engine.DescribeSecurityGroups(ctx)
	w.must(err)
	var all []any
	for _, d := range instances {
		all = append(all, d.Instance)
	}
	text, err := json.Marshal(append(all, groups))
	w.must(err)
	return string(text)
}

func (w *tenancy) at(host string) string { return fmt.Sprintf("http://%s:%d", host, w.Port()) }

// TestATenantsPageNeitherReadsNorDrivesTheConsole opens a hostile page of an instance in
// the browser that also has the console open, on the same port.
func TestATenantsPageNeitherReadsNorDrivesTheConsole(t *testing.T) {
	b := newBrowser(t, "en-US")
	w := startTenancy(t)
	page := strings.NewReplacer("CONSOLE", w.at("localhost"), "VICTIM", w.victim.ID).Replace(hostilePage)
	w.must(w.engine.WriteFile(t.Context(), w.hostile.ID, "/var/www/html/index.html", strings.NewReader(page), ""))
	console := b.open(w.at("localhost") + "/ec2/instances")
	w.leaveCookies(console)
	before := w.records()
	p := b.open("about:blank")
	log := watched(p)
	p.goTo(w.at(w.hostile.PublicDNS) + "/")
	log.waitFor(t, "frame-ancestors") // Chromium says that it did not frame the console
	p.press("the button", `document.getElementById("go")`)
	p.until("the end of the attack", `document.title === "done"`)
	var got map[string]string
	w.must(json.Unmarshal([]byte(p.eval(`JSON.stringify(got)`)), &got))
	if len(got) != 13 {
		t.Errorf("only these attempts were made: %q", got)
	}
	for name, result := range got {
		if result != "closed" {
			t.Errorf("%s: %s", name, result)
		}
	}
	w.refusesTheForm(p)
	if now := w.records(); now != before {
		t.Errorf("the attack changed something:\n%s\n%s", before, now)
	}
	console.goTo(w.at("localhost") + "/ec2/instances")
	if lang := console.eval(`document.documentElement.lang + " " + (document.documentElement.dataset.mode || "")`); !strings.HasPrefix(lang, "en") || strings.Contains(lang, "dark") {
		t.Errorf("the attack's cookies reached the console: %q", lang)
	}
	console.seeIn(w.victim.ID, "Running")
	w.keepsItsCookies(b)
}

// leaveCookies makes the console leave all the cookies that it has.
func (w *tenancy) leaveCookies(console *page) {
	w.t.Helper()
	for path, form := range map[string]string{"/preferences/theme": "mode=light", "/preferences/table": "table=instances&page_size=25", "/ec2/instances/start": "id=" + w.victim.ID} {
		console.eval(fmt.Sprintf(`(fetch(%q, {method: "POST", body: new URLSearchParams(%q)}).then(r => { window.left = (window.left || 0) + 1; }), "")`, path, form))
	}
	console.until("the cookies left", `window.left === 3`)
}

// refusesTheForm submits the form in the whole window, and expects the console's refusal.
func (w *tenancy) refusesTheForm(p *page) {
	w.t.Helper()
	p.goTo(w.at(w.hostile.PublicDNS) + "/")
	p.eval(`(() => { const f = document.getElementById("kill"); f.target = "_top"; setTimeout(() => f.submit(), 0); return ""; })()`)
	p.see("This request came from another site")
	p.picture("refused")
	form := url.Values{"id": {w.victim.ID}}.Encode()
	for _, site := range []string{"cross-site", "same-site"} {
		r, err := http.NewRequestWithContext(w.t.Context(), "POST", w.at("localhost")+"/ec2/instances/terminate", strings.NewReader(form))
		w.must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", site)
		resp, err := http.DefaultClient.Do(r)
		w.must(err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			w.t.Errorf("a %s form: %d", site, resp.StatusCode)
		}
	}
}

// keepsItsCookies visits the echo by its own name and through the load balancer: neither
// is sent a cookie of the console, and the one set for the console's name is not kept.
func (w *tenancy) keepsItsCookies(b *browser) {
	w.t.Helper()
	balancer := client{w.t, w.Port(), me}
	balancer.wants(w.balancer.DNSName, "/", http.StatusOK, "the echo")
	for _, host := range []string{w.echo.PublicDNS, w.balancer.DNSName} {
		p := b.open(w.at(host) + "/")
		p.see("the echo")
		p.goTo(w.at(host) + "/again") // now with the tenant's own cookies
		p.see("the echo")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	tenant := 0
	for _, h := range w.asked {
		if strings.Contains(h.Get("Cookie"), "elbow_") {
			w.t.Errorf("the tenant was sent %q", h.Get("Cookie"))
		}
		tenant += strings.Count(h.Get("Cookie"), "tenant=1")
	}
	if tenant < 2 {
		w.t.Errorf("the tenants' own cookies came %d times: the echo does not see cookies", tenant)
	}
}

// TestAListenerAnswersNothingByTheConsolesName asks a load balancer's node, from within
// and by way of its name, for what the console answers to.
func TestAListenerAnswersNothingByTheConsolesName(t *testing.T) {
	w := startTenancy(t)
	client{t, w.Port(), me}.wants(w.balancer.DNSName, "/", http.StatusOK, "the echo")
	node := netip.AddrPortFrom(w.balancer.Nodes[0].PrivateIP, 80)
	for _, host := range []string{"localhost", "LOCALHOST", "localhost.", "localhost:80", fmt.Sprintf("localhost:%d", w.Port())} {
		conn, err := w.gateway.Fabric().Dial(t.Context(), w.hostile.Interface.ID, node)
		w.must(err)
		if status, body := exchange(t, conn, host); status != http.StatusMisdirectedRequest || strings.Contains(body, "echo") {
			t.Errorf("the node, asked for %s: %d %q", host, status, body)
		}
	}
	conn, err := w.gateway.Fabric().Dial(t.Context(), w.hostile.Interface.ID, netip.AddrPortFrom(w.victim.Interface.PrivateIP, 80))
	w.must(err)
	if status, body := exchange(t, conn, "localhost"); status == http.StatusOK && strings.Contains(body, "/assets/") {
		t.Errorf("an instance answers with the console: %q", body)
	}
	// By the port that everything shares, a request cannot change its name under way.
	conn, err = net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(w.Port()))
	w.must(err)
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", w.balancer.DNSName)
	reader := bufio.NewReader(conn)
	first, err := http.ReadResponse(reader, nil)
	w.must(err)
	_, err = io.Copy(io.Discard, first.Body)
	w.must(err)
	fmt.Fprintf(conn, "GET /ec2/instances HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n", w.Port())
	second, err := http.ReadResponse(reader, nil)
	w.must(err)
	if second.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("the console's name on a connection to a load balancer: %d", second.StatusCode)
	}
	conn.Close()
}

// exchange sends one request by the name and reads the answer.
func exchange(t *testing.T, conn net.Conn, host string) (int, string) {
	t.Helper()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /ec2/instances HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
