package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"elbow/engine"
	"elbow/engine/network"
)

// payload runs if it is ever written as markup, in a text or in an attribute.
const payload = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`

// What is sent in place of a field's value, by the name of the attack.
var (
	always = map[string]string{
		"empty": "", "long": strings.Repeat("a", 5000), "control": "a\x01b\x1b[31mc", "nul": "a\x00b", "html": payload, "utf8": "a\xff\xfeb",
	}
	ports   = map[string]string{"port-65536": "65536", "port--1": "-1", "reversed": "443-80", "open": "80-", "word": "http-alt-x", "huge": "99999999999999999999"}
	cidrs   = map[string]string{"mask-33": "10.0.0.0/33", "octet-300": "300.1.1.1/8", "no-mask": "10.0.0.1", "v6-mask": "::/129", "half": "10.0.0/8", "zone": "fe80::1%eth0/64"}
	numbers = map[string]string{"zero": "0", "minus": "-1", "float": "1.5", "exponent": "1e3", "huge": "99999999999999999999"}
)

// kind is how a route answers what it refuses.
type kind int

const (
	asForm   kind = iota // 4xx, with the form filled in and the message at its field
	asAction             // 4xx, or back to the page with the reason in an error flash
	asPick               // goes to another page, and never changes anything
)

// target is one POST route with a form that it takes, and what else than the usual to send.
type target struct {
	name  string
	route string // as it is registered
	path  string
	kind  kind
	form  url.Values
	more  map[string]map[string]string // by field: attacks beside those of always
	legal map[string]string            // by field: attacks that are no attack there, such as an empty description
	onTop string                       // a field whose message stands on top of the form
	only  string                       // the fields to attack, where another target has the rest; empty is all
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// ids are attacks with ids that are well formed, but of another account or of something gone.
func ids(foreign, gone string) map[string]string {
	return map[string]string{"foreign": foreign, "gone": gone}
}

const free = "html long" // a text that may hold anything printable
const anything = "empty control nul html utf8 long"

func (c *cloud) targets() []target {
	c.t.Helper()
	return slices.Concat(c.instanceTargets(), c.fileTargets(), c.imageTargets(), c.groupTargets(), c.keyTargets(), c.tagTargets(), c.balancerTargets(), preferenceTargets())
}

func (c *cloud) instanceTargets() []target {
	instance := ids(c.foreign.instance, "i-00000000000000000")
	launch := values(
		"name", "kept", "image_id", c.baseImage, "type", "t2.micro", "key_name", c.key, "subnet_id", c.subnets[0], "public_ip", "enable",
		"firewall", "create", "group_name", "fresh", "group_description", "made at launch", "allow_ssh", "on", "ssh_from", "myip",
		"https_from", "anywhere", "http_from", "anywhere", "shutdown_behavior", "stop", "user_data", "#!/bin/sh", "count", "1", "tag_key", "Env", "tag_value", "dev",
	)
	launchMore := map[string]map[string]string{
		"image_id": ids(c.foreign.image, "ami-00000000000000000"), "key_name": ids(c.foreign.key, "no-such-key"), "subnet_id": ids(c.foreign.subnet, "subnet-00000000000000000"),
		"count": numbers, "group_ids": ids(c.foreign.group, "sg-00000000000000000"), "group_name": {"duplicate": "web", "sg-": "sg-x"}, "tag_key": {"aws": "aws:x"},
	}
	launchLegal := map[string]string{
		"name": "empty html", "subnet_id": "empty", "type": "empty", "public_ip": "empty", "count": "empty", "shutdown_behavior": "empty", "user_data": "empty control html long",
		"allow_ssh": anything, "tag_value": "empty html", "tag_key": "html", "firewall": "empty",
		"https_from": "empty", "http_from": "empty",
	}
	all := []target{
		{name: "launch", route: "/ec2/instances/launch", path: "/ec2/instances/launch", form: launch, more: launchMore, legal: launchLegal},
		{name: "launch with a group", route: "/ec2/instances/launch", path: "/ec2/instances/launch", form: values(
			"name", "kept", "image_id", c.baseImage, "key_name", c.key, "firewall", "existing", "group_ids", c.group, "count", "2"),
			more: launchMore, legal: launchLegal, only: "firewall group_ids count"},
		{name: "create image", route: "/ec2/instances/:id/create-image", path: "/ec2/instances/" + c.running + "/create-image",
			form:  values("name", "kept-image", "description", "text", "reboot", "on", "tag_key", "Env", "tag_value", "dev"),
			more:  map[string]map[string]string{"name": {"duplicate": "copy", "short": "ab"}, "tag_key": {"aws": "aws:x"}},
			legal: map[string]string{"description": "empty html", "reboot": anything, "tag_value": "empty html", "tag_key": "html"}},
		{name: "change groups", route: "/ec2/instances/:id/groups", path: "/ec2/instances/" + c.running + "/groups",
			form: values("group_ids", c.group), more: map[string]map[string]string{"group_ids": ids(c.foreign.group, "sg-00000000000000000")}},
		{name: "open", route: "/ec2/instances/open", path: "/ec2/instances/open", kind: asPick, form: values("sel", c.running, "to", "tags"), more: map[string]map[string]string{"sel": instance}},
		{name: "protection", route: "/ec2/instances/protection", path: "/ec2/instances/protection", kind: asAction, form: values("id", c.running, "on", "on"),
			more: map[string]map[string]string{"id": instance}, legal: map[string]string{"on": anything}},
		{name: "services", route: "/ec2/instances/:id/services", path: "/ec2/instances/" + c.running + "/services", kind: asAction, form: values("service", "httpd", "do", "stop")},
	}
	for _, verb := range []string{"start", "stop", "reboot", "terminate"} {
		all = append(all, target{name: verb, route: "/ec2/instances/" + verb, path: "/ec2/instances/" + verb, kind: asAction,
			form: values("id", c.running, "back", "/ec2/instances"), more: map[string]map[string]string{"id": instance, "back": {"away": "//evil.test/"}}, legal: map[string]string{"back": anything + " away"}})
	}
	return all
}

func (c *cloud) fileTargets() []target {
	files, route := "/ec2/instances/"+c.running+"/files", "/ec2/instances/:id/files"
	index := "/var/www/html/index.html"
	stat := must(c.engine.StatFile(c.t.Context(), c.running, index))(c.t)
	outside := map[string]string{"slash": "a/b", "dots": "..", "dot": "."}
	return []target{
		{name: "save a file", route: route + "/save", path: files + "/save", form: values("path", index, "text", "<b>hello</b>\n", "etag", stat.ETag),
			more: map[string]map[string]string{"etag": {"stale": "0-0"}, "path": {"up": "../../../etc/../etc", "dir": "/etc"}}, legal: map[string]string{"text": "empty control html long"}},
		{name: "new file", route: route + "/new", path: files + "/new", form: values("dir", "/var/www/html", "kind", "file", "name", "fresh.txt", "from", ""),
			more: map[string]map[string]string{"name": outside, "dir": {"none": "/no/such/directory"}}, legal: map[string]string{"from": anything, "dir": "empty", "kind": "empty", "name": "html"}},
		{name: "rename", route: route + "/rename", path: files + "/rename", form: values("dir", "/var/www/html", "kind", "rename", "name", "renamed.html", "from", index),
			more: map[string]map[string]string{"name": outside, "from": {"root": "/", "none": "/nothing"}}, legal: map[string]string{"kind": anything, "dir": "empty", "name": "html"}},
		{name: "ask to rename", route: route + "/rename-page", path: files + "/rename-page", kind: asPick, form: values("f_sel", index, "dir", "/var/www/html")},
		{name: "ask to delete", route: route + "/delete-page", path: files + "/delete-page", kind: asPick, form: values("f_sel", index, "dir", "/var/www/html")},
		{name: "delete files", route: route + "/delete", path: files + "/delete", kind: asAction, form: values("path", index, "dir", "/var/www/html"),
			more: map[string]map[string]string{"path": {"root": "/", "none": "/nothing"}}, legal: map[string]string{"dir": "empty long html"}},
		{name: "upload", route: route + "/upload", path: files + "/upload?path=/tmp", form: values("files", "no file")},
	}
}

func (c *cloud) imageTargets() []target {
	image, snapshot := ids(c.foreign.image, "ami-00000000000000000"), ids(c.foreign.snapshot, "snap-00000000000000000")
	snapshot["in-use"], image["base"] = c.snapshot, c.baseImage
	return []target{
		{name: "launch from", route: "/ec2/images/launch", path: "/ec2/images/launch", kind: asPick, form: values("sel", c.image), more: map[string]map[string]string{"sel": image}},
		{name: "deregister", route: "/ec2/images/deregister", path: "/ec2/images/deregister", kind: asAction, form: values("id", c.image, "delete_snapshots", "on"),
			more: map[string]map[string]string{"id": image}, legal: map[string]string{"delete_snapshots": anything}},
		{name: "delete snapshots", route: "/ec2/snapshots/delete", path: "/ec2/snapshots/delete", kind: asAction, form: values("id", c.snapshot), more: map[string]map[string]string{"id": snapshot}},
	}
}

// ruleValues is one row of the rule editor.
func ruleValues(v url.Values, prefix string) url.Values {
	for field, value := range map[string]string{"type": "custom-tcp", "protocol": "TCP", "ports": "8080", "peer": "custom", "source": "10.0.0.0/8", "description": "text"} {
		v.Add(prefix+field, value)
	}
	return v
}

func (c *cloud) ruleAttacks(prefix string) (more map[string]map[string]string, legal map[string]string) {
	source := maps.Clone(cidrs)
	maps.Copy(source, ids(c.foreign.group, "sg-00000000000000000"))
	return map[string]map[string]string{prefix + "ports": ports, prefix + "source": source},
		map[string]string{prefix + "type": "empty", prefix + "protocol": anything, prefix + "ports": "port--1", // all of them, as in the API
			prefix + "peer": "empty", prefix + "description": "empty"}
}

func (c *cloud) groupTargets() []target {
	var all []target
	found := must(c.engine.DescribeSecurityGroups(c.t.Context(), c.group))(c.t)[0]
	for prefix, d := range map[string]network.Direction{"in_": network.Ingress, "out_": network.Egress} {
		page := map[string]string{"in_": "inbound", "out_": "outbound"}[prefix]
		more, legal := c.ruleAttacks(prefix)
		more["version"] = map[string]string{"stale": "0000"}
		all = append(all, target{name: page, route: "/ec2/security-groups/:id/" + page, path: "/ec2/security-groups/" + c.group + "/" + page,
			form: ruleValues(values("version", engine.RulesVersion(found.SecurityGroup, d)), prefix), more: more, legal: legal})
	}
	more, legal := c.ruleAttacks("in_")
	more["vpc_id"], more["group_name"], more["tag_key"] = ids(c.foreign.vpc, "vpc-00000000000000000"), map[string]string{"duplicate": "web", "sg-": "sg-1", "default": "default"}, map[string]string{"aws": "aws:x"}
	maps.Copy(legal, map[string]string{"vpc_id": "empty", "tag_value": "empty html", "tag_key": "html"})
	create := values("group_name", "kept-group", "group_description", "text", "vpc_id", c.vpc, "tag_key", "Env", "tag_value", "dev")
	return append(all,
		target{name: "create group", route: "/ec2/security-groups/create", path: "/ec2/security-groups/create", form: ruleValues(create, "in_"), more: more, legal: legal},
		target{name: "open group", route: "/ec2/security-groups/open", path: "/ec2/security-groups/open", kind: asPick, form: values("sel", c.group, "to", "tags"),
			more: map[string]map[string]string{"sel": ids(c.foreign.group, "sg-00000000000000000")}},
		target{name: "delete groups", route: "/ec2/security-groups/delete", path: "/ec2/security-groups/delete", kind: asAction, form: values("id", c.group),
			more: map[string]map[string]string{"id": {"foreign": c.foreign.group, "gone": "sg-00000000000000000", "in-use": c.used, "default": c.defaultOne}}},
	)
}

func (c *cloud) keyTargets() []target {
	key := ids(c.foreign.key, "no-such-key")
	tags := map[string]string{"tag_value": "empty html", "tag_key": "html"}
	created := maps.Clone(tags)
	created["name"], created["format"], created["type"] = "html", "empty", "empty"
	imported := maps.Clone(created)
	public := must(c.engine.DescribeKeyPairs(c.t.Context()))(c.t)[0].PublicKey
	return []target{
		{name: "create key pair", route: "/ec2/key-pairs/create", path: "/ec2/key-pairs/create", form: values("name", "kept-key", "type", "ed25519", "format", "pem", "tag_key", "Env", "tag_value", "dev"),
			more: map[string]map[string]string{"name": {"duplicate": c.key, "long": strings.Repeat("n", 256)}, "tag_key": {"aws": "aws:x"}}, legal: created},
		{name: "import key pair", route: "/ec2/key-pairs/import", path: "/ec2/key-pairs/import", form: values("name", "kept-key", "public_key", public, "tag_key", "Env", "tag_value", "dev"),
			more: map[string]map[string]string{"name": {"duplicate": c.key}, "public_key": {"half": "ssh-rsa AAAA", "private": "-----BEGIN OPENSSH PRIVATE KEY-----"}}, legal: imported},
		{name: "tags of a key pair", route: "/ec2/key-pairs/tags", path: "/ec2/key-pairs/tags", kind: asPick, form: values("sel", c.key), more: map[string]map[string]string{"sel": key}},
		{name: "delete key pairs", route: "/ec2/key-pairs/delete", path: "/ec2/key-pairs/delete", kind: asAction, form: values("id", c.key, "confirm", "delete"), more: map[string]map[string]string{"id": key},
			legal: map[string]string{"id": "foreign gone html"}}, // as in AWS, deleting what does not exist succeeds
	}
}

func (c *cloud) tagTargets() []target {
	var all []target
	only := "" // one rule for all kinds: one of them is attacked in full
	for kind, id := range map[string][2]string{
		"instance": {c.running, c.foreign.instance}, "image": {c.image, c.foreign.image}, "snapshot": {c.snapshot, c.foreign.snapshot},
		"security-group": {c.group, c.foreign.group}, "key-pair": {c.key, c.foreign.key}, "load-balancer": {c.balancer, c.foreign.balancer},
	} {
		all = append(all, target{name: "tags of the " + kind, route: "/ec2/tags/:kind/:id", path: "/ec2/tags/" + kind + "/" + id[0], form: values("tag_key", "Env", "tag_value", "dev"),
			more:  map[string]map[string]string{"tag_key": {"aws": "aws:x", "129": strings.Repeat("k", 129)}, "tag_value": {"257": strings.Repeat("v", 257)}},
			legal: map[string]string{"tag_value": "empty html", "tag_key": "html"}, only: only})
		only = "tag_key"
	}
	return all
}

func (c *cloud) balancerTargets() []target {
	more, legal := c.ruleAttacks("in_")
	base := "/ec2/load-balancers/"
	port := maps.Clone(ports)
	port["port-0"] = "0"
	for _, field := range []string{"listener_port", "instance_port", "ping_port"} {
		more[field] = port
	}
	for _, field := range []string{"timeout", "interval", "unhealthy_threshold", "healthy_threshold", "draining_timeout", "idle_timeout"} {
		more[field] = numbers
	}
	more["name"] = map[string]string{"duplicate": c.balancer, "33": strings.Repeat("a", 33), "hyphen": "-a"}
	more["subnet_ids"], more["vpc_id"] = ids(c.foreign.subnet, "subnet-00000000000000000"), ids(c.foreign.vpc, "vpc-00000000000000000")
	more["instance_ids"], more["group_ids"] = ids(c.foreign.instance, c.gone), ids(c.foreign.group, "sg-00000000000000000")
	more["group_name"] = map[string]string{"duplicate": "web"}
	maps.Copy(legal, map[string]string{
		"scheme": "empty", "vpc_id": "empty", "firewall": "", "cross_zone": anything, "draining": anything, "tag_value": "empty html", "tag_key": "html", "instance_ids": "empty",
	})
	check := values("ping_protocol", "HTTP", "ping_port", "81", "ping_path", "/kept", "timeout", "4", "interval", "20", "unhealthy_threshold", "3", "healthy_threshold", "4")
	listener := values("protocol", "HTTP", "listener_port", "8080", "instance_protocol", "HTTP", "instance_port", "81")
	create := values("name", "kept", "scheme", "internet-facing", "vpc_id", c.vpc, "subnet_ids", c.subnets[0], "firewall", "create", "group_name", "fresh", "group_description", "text",
		"cross_zone", "on", "draining", "on", "draining_timeout", "200", "instance_ids", c.running, "tag_key", "Env", "tag_value", "dev")
	maps.Copy(create, check)
	maps.Copy(create, listener)
	worn := values("name", "kept", "scheme", "internal", "subnet_ids", c.subnets[1], "firewall", "existing", "group_ids", c.group)
	maps.Copy(worn, check)
	maps.Copy(worn, listener)
	all := []target{
		{name: "create balancer", route: "/ec2/create-load-balancer", path: "/ec2/create-load-balancer", form: ruleValues(create, "in_"), onTop: "in_source"},
		{name: "create balancer with a group", route: "/ec2/create-load-balancer", path: "/ec2/create-load-balancer", form: worn, only: "firewall group_ids scheme subnet_ids"},
		{name: "open balancer", route: base + "open", path: base + "open", kind: asPick, form: values("sel", c.balancer, "to", "tags")},
		{name: "delete balancers", route: base + "delete", path: base + "delete", kind: asAction, form: values("name", c.balancer, "confirm", "confirm")},
		{name: "deregister targets", route: base + ":name/deregister", path: base + c.balancer + "/deregister", kind: asAction, form: values("sel", c.running)},
	}
	for page, form := range map[string]url.Values{
		"listeners": listener, "health-check": check, "security-groups": values("group_ids", c.group), "subnets": values("subnet_ids", c.subnets[1]),
		"instances": values("instance_ids", c.running), "attributes": values("cross_zone", "on", "draining", "on", "draining_timeout", "30", "idle_timeout", "30"),
	} {
		all = append(all, target{name: page, route: base + ":name/" + page, path: base + c.balancer + "/" + page, form: form})
	}
	for i := range all {
		all[i].more, all[i].legal = more, legal
	}
	all[3].more = map[string]map[string]string{"name": {"foreign": c.foreign.balancer, "gone": "no-such"}}
	all[4].more = map[string]map[string]string{"sel": ids(c.foreign.instance, c.stopped)}
	all[1].legal = maps.Clone(legal)
	all[1].legal["firewall"] = "empty html"
	all[3].legal, all[4].legal = map[string]string{"name": "foreign gone html"}, map[string]string{"sel": "gone"} // as in AWS
	return all
}

// preferenceTargets keep choices in cookies: what they refuse leaves no cookie.
func preferenceTargets() []target {
	return []target{
		{name: "language", route: "/preferences/language", path: "/preferences/language", kind: asAction, form: values("lang", "ja", "back", "/ec2/"), legal: map[string]string{"back": anything}},
		{name: "theme", route: "/preferences/theme", path: "/preferences/theme", kind: asAction, form: values("mode", "dark", "back", "/ec2/"), legal: map[string]string{"back": anything}},
		{name: "table", route: "/preferences/table", path: "/preferences/table", kind: asAction, form: values("table", "instances", "back", "/ec2/"), legal: map[string]string{"back": anything}},
	}
}
