package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"elbow/engine"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/store"
)

// balancerConsole is a console over a real engine, on which nothing has been made.
func balancerConsole(t *testing.T) *Server {
	t.Helper()
	dir := t.TempDir()
	db, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	fabric, err := network.NewFabric(network.FabricConfig{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fabric.Close() })
	gateway, err := network.OpenGateway(network.GatewayConfig{Fabric: fabric, Addrs: []string{"127.0.0.1:0"}, ConsoleNames: []string{"localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gateway.Close() })
	e, err := engine.New(engine.Config{
		Store: db, Fabric: gateway.Fabric(), Gateway: gateway, Dir: dir, Domain: "localhost", Speed: 100,
		Scope: ident.Scope{Account: "123456789012", Region: "ap-northeast-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Stop(context.Background()) })
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Engine: e, Gateway: gateway, Names: []string{"localhost"}, Region: "ap-northeast-1", Account: "123456789012"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// wizard is the create page as somebody fills it who changes nothing but the name, with a
// new group, and with edits.
func wizard(t *testing.T, s *Server, edits ...func(url.Values)) url.Values {
	t.Helper()
	subnets, err := s.engine.DescribeSubnets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := url.Values{
		"name": {"front"}, "scheme": {"internet-facing"}, "vpc_id": {subnets[0].VPCID}, "firewall": {"create"},
		"group_name": {"front-group"}, "group_description": {"for front"},
		"in_type": {"http"}, "in_protocol": {"TCP"}, "in_ports": {"80"}, "in_peer": {"anywhere4"}, "in_source": {"0.0.0.0/0"}, "in_description": {""},
		"protocol": {"HTTP"}, "listener_port": {"80"}, "instance_protocol": {"HTTP"}, "instance_port": {"80"},
		"ping_protocol": {"HTTP"}, "ping_port": {"80"}, "ping_path": {"/index.html"}, "timeout": {"5"}, "interval": {"30"},
		"unhealthy_threshold": {"2"}, "healthy_threshold": {"10"}, "cross_zone": {"on"}, "draining": {"on"}, "draining_timeout": {"300"},
		"tag_key": {"Env"}, "tag_value": {"dev"},
	}
	for _, subnet := range subnets {
		v.Add("subnet_ids", subnet.ID)
	}
	for _, edit := range edits {
		edit(v)
	}
	return v
}

func set(field string, values ...string) func(url.Values) {
	return func(v url.Values) { v[field] = values }
}

func balancersOf(t *testing.T, s *Server) []engine.LoadBalancerDescription {
	t.Helper()
	all, err := s.engine.DescribeLoadBalancers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestALoadBalancerIsCreatedEditedAndDeletedByItsPages(t *testing.T) {
	s := balancerConsole(t)
	if w := ask(s, "GET", "/ec2/create-load-balancer", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "/index.html") {
		t.Fatalf("the create page: %d", w.Code)
	}
	w := ask(s, "POST", "/ec2/create-load-balancer", wizard(t, s).Encode())
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/ec2/load-balancers/front" {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	b := balancersOf(t, s)[0]
	if b.HealthCheck.Target() != "HTTP:80/index.html" || len(b.Nodes) != 3 || !b.Attributes.CrossZone || b.Tags["Env"] != "dev" || b.Groups[b.LoadBalancer.Groups[0]] != "front-group" {
		t.Errorf("made %+v", b)
	}
	for _, tab := range []string{"", "listeners", "network", "security", "health", "targets", "monitoring", "attributes", "tags", "<b>"} {
		if w := ask(s, "GET", "/ec2/load-balancers/front?tab="+url.QueryEscape(tab), ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), b.DNSName) {
			t.Errorf("tab %q: %d", tab, w.Code)
		}
	}
	check := url.Values{"ping_protocol": {"TCP"}, "ping_port": {"81"}, "ping_path": {"/kept by a page without script"}, "timeout": {"2"}, "interval": {"5"}, "unhealthy_threshold": {"3"}, "healthy_threshold": {"4"}}
	listeners := url.Values{"protocol": {"HTTP", "HTTP"}, "listener_port": {"80", "8080"}, "instance_protocol": {"HTTP", "HTTP"}, "instance_port": {"80", "81"}}
	for page, form := range map[string]url.Values{
		"health-check": check, "listeners": listeners, "attributes": {"idle_timeout": {"7"}},
		"subnets": {"subnet_ids": {b.Nodes[1].SubnetID}}, "instances": {}, "security-groups": {"group_ids": b.LoadBalancer.Groups},
	} {
		if w := ask(s, "GET", "/ec2/load-balancers/front/"+page, ""); w.Code != http.StatusOK {
			t.Errorf("the page %s: %d", page, w.Code)
		}
		if w := ask(s, "POST", "/ec2/load-balancers/front/"+page, form.Encode()); w.Code != http.StatusSeeOther {
			t.Errorf("saving %s: %d", page, w.Code)
		}
	}
	b = balancersOf(t, s)[0]
	if b.HealthCheck.Target() != "TCP:81" || len(b.Listeners) != 2 || len(b.Nodes) != 1 || b.Attributes.ConnectionDraining || b.Attributes.IdleTimeout.Seconds() != 7 {
		t.Errorf("edited to %+v", b.LoadBalancer)
	}
	ask(s, "POST", "/ec2/load-balancers/delete", "name=front")
	if len(balancersOf(t, s)) != 1 {
		t.Error("it was deleted though the word was not typed")
	}
	ask(s, "POST", "/ec2/load-balancers/delete", "name=front&confirm=confirm")
	if len(balancersOf(t, s)) != 0 {
		t.Error("it is still there")
	}
}

func TestACreatePageThatIsRefusedComesBackFilledIn(t *testing.T) {
	s := balancerConsole(t)
	const html = "<script>alert(1)</script>"
	fields := map[string][]string{
		"name":   {"", strings.Repeat("a", 33), strings.Repeat("a", 5000), "a\x00b", html, "-a"},
		"scheme": {"public", html}, "vpc_id": {html, "vpc-00000000000000000"}, "subnet_ids": {"", html, "subnet-0"},
		"group_name": {"", html, "default"}, "group_description": {"", html},
		"listener_port": {"", "0", "65536", "-1", "80-90", html}, "instance_port": {"0", "x"}, "protocol": {"HTTPS", html, "\x01"}, "instance_protocol": {"TCP"},
		"ping_protocol": {"", "FTP", html}, "ping_port": {"0", "65536"}, "ping_path": {"", "index.html", "/a b", html, "/" + strings.Repeat("a", 1024)},
		"timeout": {"1", "61", "30"}, "interval": {"4", "301"}, "unhealthy_threshold": {"1", "11"}, "healthy_threshold": {"1", "11"},
		"draining_timeout": {"0", "3601", "", html}, "instance_ids": {html, "i-00000000000000000"}, "tag_key": {"", "aws:x", strings.Repeat("k", 129)},
	}
	for field, values := range fields {
		for _, value := range values {
			form := wizard(t, s, set("name", "kept-name"), set(field, value))
			w := ask(s, "POST", "/ec2/create-load-balancer", form.Encode())
			body := w.Body.String()
			if w.Code < 400 || w.Code >= 500 || strings.Contains(body, html) {
				t.Errorf("%s=%.40q: %d, unescaped %t", field, value, w.Code, strings.Contains(body, html))
			}
			if field != "name" && !strings.Contains(body, `value="kept-name"`) {
				t.Errorf("%s=%.40q: what was typed is lost", field, value)
			}
			if !strings.Contains(body, "field-error") && !strings.Contains(body, "alert-error") {
				t.Errorf("%s=%.40q: the page does not say what is wrong", field, value)
			}
		}
	}
	if n := len(balancersOf(t, s)); n != 0 {
		t.Errorf("%d load balancers were made", n)
	}
}

func TestRowsOfTheListenerEditorWorkWithoutAScript(t *testing.T) {
	s := balancerConsole(t)
	add := ask(s, "POST", "/ec2/create-load-balancer", wizard(t, s, set("add", "listeners")).Encode())
	if n := strings.Count(add.Body.String(), `name="listener_port"`); add.Code != http.StatusOK || n != 3 { // with the template's row
		t.Errorf("adding: %d, %d rows", add.Code, n)
	}
	none := wizard(t, s, set("protocol"), set("listener_port"), set("instance_protocol"), set("instance_port"))
	w := ask(s, "POST", "/ec2/create-load-balancer", none.Encode())
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "needs at least one listener") {
		t.Errorf("without a listener: %d", w.Code)
	}
}

func TestPagesOfALoadBalancerThatIsNotThere(t *testing.T) {
	s := balancerConsole(t)
	for _, path := range []string{"never", "never/listeners", "never/instances", "%3Cb%3E"} {
		if w := ask(s, "GET", "/ec2/load-balancers/"+path, ""); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "<b>") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
