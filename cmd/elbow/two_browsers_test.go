package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhatOneBrowserDoesTheOtherShows has two people at one console: the first acts, and
// the pages that the second has open follow without a reload.
func TestWhatOneBrowserDoesTheOtherShows(t *testing.T) {
	first, second := newBrowser(t, "en-US"), newBrowser(t, "ja")
	a := startApp(t)
	base := fmt.Sprintf("http://localhost:%d", a.Port())
	acts := first.open(base + "/ec2/instances")
	list := second.open(base + "/ec2/instances")
	list.see("インスタンス")
	list.mark()

	launch(acts, base)
	list.seeIn("shared", "実行中")
	list.unreloaded()
	id := list.eval(fmt.Sprintf(`(() => { %s return row("shared").dataset.id; })()`, finder))
	detail := second.open(base + "/ec2/instances/" + id)
	detail.mark()

	acts.goTo(base + "/ec2/tags/instance/" + id)
	acts.fill("Value", "renamed")
	acts.click("Save")
	acts.see("Successfully updated the tags")
	list.seeIn(id, "renamed")
	detail.see("renamed")

	group := second.open(base + "/ec2/security-groups/" + groupOf(acts, base))
	group.mark()
	editRule(acts, base, groupOf(acts, base))
	group.see("8080")
	group.see("198.51.100.0/24")
	group.unreloaded()

	acts.goTo(base + "/ec2/instances")
	acts.tick(id)
	acts.click("Instance state")
	acts.click("Stop instance")
	acts.click("Stop")
	list.seeIn(id, "停止済み")
	detail.see("停止済み")
	list.unreloaded()
	detail.unreloaded()
	list.picture("followed")
}

// launch starts an instance called shared, in a group of its own.
func launch(p *page, base string) {
	p.t.Helper()
	p.goTo(base + "/ec2/instances/launch")
	p.fill("Name", "shared")
	p.choose("elbow-linux-2023.11-x86_64")
	p.pick("Key pair name", "Proceed without a key pair")
	p.click("Launch instance")
	p.see("Successfully initiated launch of instance")
}

// groupOf is the id of the group that the launch made.
func groupOf(p *page, base string) string {
	p.t.Helper()
	p.goTo(base + "/ec2/security-groups?q=launch-wizard-1")
	id := p.eval(fmt.Sprintf(`(() => { %s return row("launch-wizard-1")?.dataset.id || ""; })()`, finder))
	if !strings.HasPrefix(id, "sg-") {
		p.fail("the launch's group has the id %q", id)
	}
	return id
}

// editRule admits one more port into the group.
func editRule(p *page, base, group string) {
	p.t.Helper()
	p.goTo(base + "/ec2/security-groups/" + group)
	p.click("Edit inbound rules")
	p.see("Save rules")
	p.click("Add rule")
	p.fillNth("Port range", 1, "8080")
	p.fillNth("CIDR block or security group", 1, "198.51.100.0/24")
	p.click("Save rules")
	p.see("Inbound security group rules successfully modified")
}
