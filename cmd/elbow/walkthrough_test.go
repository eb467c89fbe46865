package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// walkthrough is one learner at one console.
type walkthrough struct {
	*page
	t        *testing.T
	port     int // where the names are opened
	base     string
	me       client
	stranger client

	web      string // instance ids
	servers  [2]string
	names    [2]string // public names of the two servers
	balancer string    // the load balancer's DNS name
	group    string    // its security group's id
}

// TestWalkthrough plays the whole tutorial, rows 0 to 15 with both false leads, by
// the labels a person would use. Outcomes are read from the pages and from the wire. The
// console is on one port and the names are opened on another.
func TestWalkthrough(t *testing.T) {
	a := startApp(t, func(c *config) { c.Listen = []string{"127.0.0.1:0", "127.0.0.1:0"} })
	playWalkthrough(t, a.gateway.Ports()[0], a.gateway.Ports()[1])
}

// TestWalkthroughUnprivileged plays it against the product as a process of its own that
// may bind no low port, so that interfaces meet in memory, with the console and all names
// on one port.
func TestWalkthroughUnprivileged(t *testing.T) {
	port := startUnprivileged(t)
	playWalkthrough(t, port, port)
}

func playWalkthrough(t *testing.T, console, names int) {
	b := newBrowser(t, "en-US")
	base := fmt.Sprintf("http://localhost:%d", console)
	w := &walkthrough{
		page: b.open(base + "/ec2/"), t: t, base: base, port: names,
		me: client{t, names, me}, stranger: client{t, names, stranger},
	}
	begun := time.Now()
	for _, row := range []struct {
		name string
		play func()
	}{
		{"0 a web server", w.launchWeb}, {"0 with a page", w.serveAPage}, {"1 stop it", w.stopWeb},
		{"2 create an image", w.createImage}, {"3 launch two from it", w.launchCopies}, {"4 give each its page", w.editPages},
		{"5 to 9 create a load balancer", w.createBalancer}, {"10 out of service", w.outOfService},
		{"11 and 12 false leads", w.followFalseLeads}, {"13 the missing rule", w.admitTheBalancer},
		{"14 reload", w.reload}, {"15 lose one", w.loseOne},
	} {
		row.play()
		t.Logf("%5.1fs row %s", time.Since(begun).Seconds(), row.name)
	}
}

// launchWeb is row 0's first half: an instance whose group admits my address alone.
func (w *walkthrough) launchWeb() {
	w.createKeyPair()
	w.goTo(w.base + "/ec2/instances")
	w.click("Launch instances")
	w.fill("Name", "web")
	w.choose("elbow-linux-2023.11-x86_64")
	w.pick("Key pair name", "learner")
	w.pick("Allow SSH traffic from: source", "My IP")
	w.choose("Allow HTTP traffic from the internet")
	w.pick("Allow HTTP traffic from the internet: source", "My IP")
	w.picture("launch")
	w.click("Launch instance")
	w.see("Successfully initiated launch of instance")
	w.mark()
	w.seeIn("web", "Running")
	w.unreloaded()
	w.picture("running")
	w.web = w.idOf("web")
}

func (w *walkthrough) createKeyPair() {
	w.goTo(w.base + "/ec2/key-pairs")
	w.click("Create key pair")
	w.fill("Name", "learner")
	w.choose("ED25519")
	w.click("Create key pair")
	w.see("PRIVATE KEY")
	w.picture("key-pair")
}

// idOf reads the id of the instance in the row that shows the name.
func (w *walkthrough) idOf(name string) string {
	w.t.Helper()
	id := w.eval(fmt.Sprintf(`(() => { %s return row(%s)?.dataset.id || ""; })()`, finder, quoted(name)))
	if !strings.HasPrefix(id, "i-") {
		w.fail("the row of %q has the id %q", name, id)
	}
	return id
}

// publicName reads an instance's public DNS name from its own page.
func (w *walkthrough) publicName(id string) string {
	w.t.Helper()
	w.goTo(w.base + "/ec2/instances/" + id)
	w.see("Public IPv4 DNS")
	return w.eval(`[...document.querySelectorAll("a")].map(a => a.innerText.trim().split("\n")[0].split(":")[0]).find(t => t.startsWith("ec2-")) || ""`)
}

// serveAPage is row 0's second half: a web server with a page, which answers me and is
// mute to anybody else.
func (w *walkthrough) serveAPage() {
	name := w.publicName(w.web)
	if status, _, err := w.me.get(name, "/", 2*time.Second); err == nil {
		w.fail("%s answers %d before a web server is installed", name, status)
	}
	w.click("Services")
	w.clickIn("httpd", "Install")
	w.see("Successfully installed httpd")
	w.clickIn("httpd", "Start")
	w.see("Successfully started httpd")
	w.clickIn("httpd", "Enable")
	w.see("httpd starts at each boot from now on")
	w.picture("services")
	w.writePage(w.web, "index.html", "hello from web\n")
	w.me.wants(name, "/", 200, "hello from web\n")
	w.stranger.silent(name)
}

// writePage puts a file into the instance's /var/www/html with the editor.
func (w *walkthrough) writePage(id, name, text string) {
	w.t.Helper()
	w.goTo(w.base + "/ec2/instances/" + id + "?tab=files&path=/var/www/html")
	if strings.Contains(w.text(), name) {
		w.click(name)
	} else {
		w.click("New file")
		w.fill("Name", name)
		w.click("Continue")
	}
	w.see("File contents")
	w.fill("File contents", text)
	w.click("Save")
	w.see("Successfully saved")
	w.picture("file-" + name)
}

// stopWeb is row 1.
func (w *walkthrough) stopWeb() {
	name := w.publicName(w.web)
	private := w.eval(`document.body.innerText.match(/172\.31\.\d+\.\d+/)[0]`)
	w.goTo(w.base + "/ec2/instances")
	w.tick("web")
	w.click("Instance state")
	w.click("Stop instance")
	w.click("Stop")
	w.see("Successfully initiated stopping")
	w.mark()
	w.seeIn(w.web, "Stopped")
	w.unreloaded()
	w.picture("stopped")
	if strings.Contains(w.eval(fmt.Sprintf(`document.querySelector('tr[data-id=%q]').innerText`, w.web)), "203.0.113.") {
		w.fail("a stopped instance still shows its public address")
	}
	w.me.wants(name, "/", 503, "")
	w.goTo(w.base + "/ec2/instances/" + w.web)
	w.see(private)
}

// createImage is row 2.
func (w *walkthrough) createImage() {
	w.goTo(w.base + "/ec2/instances")
	w.tick(w.web)
	w.click("Actions")
	w.click("Create image")
	w.fill("Image name", "web-image")
	w.fill("Image description", "the web server of the chapter before")
	w.click("Create image")
	w.see("Currently creating AMI")
	w.goTo(w.base + "/ec2/images")
	w.mark()
	w.seeIn("web-image", "Available")
	w.unreloaded()
	w.picture("image")
	w.goTo(w.base + "/ec2/snapshots")
	w.seeIn("CreateImage", "Completed")
}

// launchCopies is row 3.
func (w *walkthrough) launchCopies() {
	for i, name := range []string{"image1server", "image2server"} {
		w.goTo(w.base + "/ec2/images")
		w.tick("web-image")
		w.click("Launch instance from AMI")
		w.fill("Name", name)
		w.pick("Key pair name", "learner")
		w.choose("Select existing security group")
		w.choose("launch-wizard-1")
		w.click("Launch instance")
		w.see("Successfully initiated launch of instance")
		w.seeIn(name, "Running")
		w.servers[i] = w.idOf(name)
	}
	w.picture("two-servers")
	for i, id := range w.servers {
		w.names[i] = w.publicName(id)
		w.me.wants(w.names[i], "/", 200, "hello from web\n")
		w.stranger.silent(w.names[i])
	}
}

// editPages is row 4: each server gets a page of its own.
func (w *walkthrough) editPages() {
	for i, id := range w.servers {
		w.writePage(id, "index.html", fmt.Sprintf("server %d\n", i+1))
	}
	for i, name := range w.names {
		w.me.wants(name, "/", 200, fmt.Sprintf("server %d\n", i+1))
	}
}

// createBalancer is rows 5 to 9.
func (w *walkthrough) createBalancer() {
	w.goTo(w.base + "/ec2/load-balancers")
	w.click("Create load balancer")
	w.fill("Load balancer name", "tutorial")
	w.choose("Create a new security group")
	w.choose("image1server")
	w.choose("image2server")
	w.picture("create-load-balancer")
	w.click("Create load balancer")
	w.see("Successfully created load balancer: tutorial")
	w.goTo(w.base + "/ec2/load-balancers/tutorial")
	w.see("elb.localhost")
	w.balancer = w.eval(`[...document.querySelectorAll("a")].map(a => a.innerText.trim().split("\n")[0].split(":")[0]).find(t => /^tutorial-\d+\./.test(t)) || ""`)
	w.goTo(w.base + "/ec2/load-balancers/tutorial?tab=security")
	w.group = w.eval(`document.querySelector("main").innerText.match(/sg-[0-9a-f]{17}/)[0]`)
}

// outOfService is row 10: the probes come from an address that launch-wizard-1 does not
// admit, so they time out, and they go on timing out.
func (w *walkthrough) outOfService() {
	w.goTo(w.base + "/ec2/load-balancers/tutorial?tab=targets")
	w.mark()
	w.bothAre("OutOfService", "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.")
	w.unreloaded()
	w.picture("out-of-service")
	w.me.wants(w.balancer, "/", 503, "")
	w.staysOutOfService()
}

func (w *walkthrough) bothAre(state, description string) {
	w.t.Helper()
	for _, name := range []string{"image1server", "image2server"} {
		w.seeIn(name, state, description)
	}
}

// staysOutOfService lets ten more intervals of probes go by.
func (w *walkthrough) staysOutOfService() {
	w.t.Helper()
	time.Sleep(10 * 30 * time.Second / speed)
	w.goTo(w.base + "/ec2/load-balancers/tutorial?tab=targets")
	w.bothAre("OutOfService", "")
	if strings.Contains(w.text(), "InService ") {
		w.fail("an instance is in service")
	}
}

// followFalseLeads is rows 11 and 12: neither the path nor the balancer's own group was
// ever the cause.
func (w *walkthrough) followFalseLeads() {
	for _, id := range w.servers {
		w.writePage(id, "health.html", "ok\n")
	}
	w.goTo(w.base + "/ec2/load-balancers/tutorial?tab=health")
	w.click("Edit health check settings")
	w.fill("Ping path", "/health.html")
	w.click("Save changes")
	w.see("HTTP:80/health.html")
	w.staysOutOfService()
	w.addRule(w.group, w.group)
	w.staysOutOfService()
}

// addRule admits HTTP from a source into a group, on the group's page.
func (w *walkthrough) addRule(group, source string) {
	w.t.Helper()
	w.goTo(w.base + "/ec2/security-groups/" + group)
	w.click("Edit inbound rules")
	w.see("Save rules")
	n := int(w.eval(`String(document.querySelectorAll(".rule-row").length)`)[0] - '0')
	w.click("Add rule")
	w.pickNth("Type", n, "HTTP")
	w.fillNth("CIDR block or security group", n, source)
	w.picture("add-rule")
	w.click("Save rules")
	w.see("Inbound security group rules successfully modified")
	w.seeIn(source, "HTTP", "TCP", "80")
}

// admitTheBalancer is row 13: the rule that was missing, and the page that tells it live.
func (w *walkthrough) admitTheBalancer() {
	w.goTo(w.base + "/ec2/security-groups?q=launch-wizard-1")
	wizard := w.eval(fmt.Sprintf(`(() => { %s return row("launch-wizard-1").dataset.id; })()`, finder))
	w.addRule(wizard, w.group)
	w.goTo(w.base + "/ec2/load-balancers/tutorial?tab=targets")
	w.mark()
	w.bothAre("InService", "")
	w.unreloaded()
	w.picture("in-service")
}

// reload is row 14: the name in the browser, and both pages in turn.
func (w *walkthrough) reload() {
	w.goTo(fmt.Sprintf("http://%s:%d/", w.balancer, w.port))
	w.see("server ")
	w.picture("balanced")
	seen := map[string]int{}
	for range 60 {
		status, body, err := w.stranger.get(w.balancer, "/", 5*time.Second)
		if err != nil || status != 200 {
			w.fail("the load balancer answers %d, %v", status, err)
		}
		seen[body]++
	}
	if seen["server 1\n"] == 0 || seen["server 2\n"] == 0 || len(seen) != 2 {
		w.fail("sixty requests were answered by %v, want both servers", seen)
	}
}

// loseOne is row 15: one instance stops under load, and no request fails.
func (w *walkthrough) loseOne() {
	stop, failed := make(chan struct{}), make(chan string, 1)
	go func() { failed <- w.load(stop) }()
	w.goTo(w.base + "/ec2/instances/" + w.servers[0] + "?tab=services")
	w.clickIn("httpd", "Stop")
	w.see("Successfully stopped httpd")
	w.goTo(w.base + "/ec2/load-balancers/tutorial?tab=targets")
	w.mark()
	w.seeIn("image1server", "OutOfService")
	w.seeIn("image2server", "InService")
	w.unreloaded()
	w.picture("one-lost")
	close(stop)
	if wrong := <-failed; wrong != "" {
		w.fail("under load: %s", wrong)
	}
	_, body, err := w.me.get(w.balancer, "/", 5*time.Second)
	if body != "server 2\n" || err != nil {
		w.fail("with one lost the load balancer answers %q, %v", body, err)
	}
}

// load asks the load balancer until told to stop; it returns the first wrong answer.
func (w *walkthrough) load(stop <-chan struct{}) string {
	for n := 0; ; n++ {
		select {
		case <-stop:
			if n < 20 {
				return fmt.Sprintf("only %d requests were made", n)
			}
			return ""
		default:
		}
		status, body, err := w.me.get(w.balancer, "/", 5*time.Second)
		if err != nil || status != 200 {
			return fmt.Sprintf("request %d was answered %d %q, %v", n, status, body, err)
		}
	}
}
