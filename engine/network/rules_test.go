package network

import (
	"net/netip"
	"strings"
	"testing"

	"elbow/engine/fault"

	"pgregory.net/rapid"
)

func TestRulesAreReadAsTheConsoleWritesThem(t *testing.T) {
	const sg = "sg-0123456789abcdef0"
	for _, test := range []struct {
		protocol, ports, peer string
		want                  string // protocol from-to peer
	}{
		{"tcp", "80", "0.0.0.0/0", "TCP 80 0.0.0.0/0"},
		{"TCP", " 8000 - 8010 ", "203.0.113.7/32", "TCP 8000-8010 203.0.113.7/32"},
		{"tcp", "All", "::/0", "TCP 0-65535 ::/0"},
		{"tcp", "0-1023", "::/0", "TCP 0-1023 ::/0"},
		{"6", "443", sg, "TCP 443 " + sg},
		{"udp", "53", "10.1.2.3/8", "UDP 53 10.0.0.0/8"},
		{"icmp", "", "0.0.0.0/0", "ICMP All 0.0.0.0/0"},
		{"icmp", "8", "0.0.0.0/0", "ICMP 8 0.0.0.0/0"},
		{"icmp", "3/4", "0.0.0.0/0", "ICMP 3/4 0.0.0.0/0"},
		{"58", "128", "2001:db8::1/64", "IPv6 ICMP 128 2001:db8::/64"},
		{"-1", "80", "0.0.0.0/0", "All All 0.0.0.0/0"},
		{"all", "", sg, "All All " + sg},
		{"50", "80", "0.0.0.0/0", "50 All 0.0.0.0/0"},
		{"0", "", "0.0.0.0/0", "0 All 0.0.0.0/0"},
	} {
		r, err := ParseRule(Ingress, test.protocol, test.ports, test.peer, "")
		if err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		if got := r.ProtocolText() + " " + r.PortText() + " " + r.Peer(); got != test.want {
			t.Errorf("%q %q %q: got %q, want %q", test.protocol, test.ports, test.peer, got, test.want)
		}
	}
}

func TestWrongRulesAreRefusedAtTheirField(t *testing.T) {
	const anywhere = "0.0.0.0/0"
	for _, test := range []struct {
		protocol, ports, peer, description string
		field, code, message               string
	}{
		{"", "80", anywhere, "", "protocol", "MissingParameter", "The request must contain the parameter IpProtocol"},
		{"tpc", "80", anywhere, "", "protocol", "InvalidParameterValue", "Invalid value 'tpc' for IP protocol"},
		{"256", "80", anywhere, "", "protocol", "InvalidParameterValue", "Invalid value '256' for IP protocol"},
		{"-2", "80", anywhere, "", "protocol", "InvalidParameterValue", "'-2'"},
		{"tcp", "", anywhere, "", "ports", "MissingParameter", "Must specify both from and to ports with TCP/UDP"},
		{"tcp", "0", anywhere, "", "ports", "InvalidParameterValue", "TCP/UDP port (0) out of range"},
		{"tcp", "65536", anywhere, "", "ports", "InvalidParameterValue", "TCP/UDP port (65536) out of range"},
		{"tcp", "99999999999999999999", anywhere, "", "ports", "InvalidParameterValue", "out of range"},
		{"udp", "8010-8000", anywhere, "", "ports", "InvalidParameterValue", "Invalid TCP/UDP port range (8010:8000)"},
		{"udp", "5-0", anywhere, "", "ports", "InvalidParameterValue", "Invalid TCP/UDP port range (5:0)"},
		{"tcp", "80,443", anywhere, "", "ports", "InvalidParameterValue", "Invalid value '80,443' for port range"},
		{"tcp", "-80", anywhere, "", "ports", "InvalidParameterValue", "Invalid value '-80' for port range"},
		{"tcp", "+80", anywhere, "", "ports", "InvalidParameterValue", "Invalid value '+80' for port range"},
		{"icmp", "256", anywhere, "", "ports", "InvalidParameterValue", "ICMP type (256) out of range"},
		{"icmp", "8/256", anywhere, "", "ports", "InvalidParameterValue", "ICMP code (256) out of range"},
		{"icmp", "x", anywhere, "", "ports", "InvalidParameterValue", "Invalid value 'x' for ICMP type"},
		{"tcp", "80", "", "", "peer", "MissingParameter", "You must specify a source or destination"},
		{"tcp", "80", "203.0.113.7", "", "peer", "InvalidParameterValue", "CIDR block 203.0.113.7 is malformed"},
		{"tcp", "80", "203.0.113.7/33", "", "peer", "InvalidParameterValue", "CIDR block 203.0.113.7/33 is malformed"},
		{"tcp", "80", "::ffff:1.2.3.4/120", "", "peer", "InvalidParameterValue", "is malformed"},
		{"tcp", "80", "fe80::1%eth0/64", "", "peer", "InvalidParameterValue", "is malformed"},
		{"tcp", "80", "1.2.3.4/08", "", "peer", "InvalidParameterValue", "is malformed"},
		{"tcp", "80", "<script>", "", "peer", "InvalidParameterValue", "CIDR block <script> is malformed"},
		{"tcp", "80", "sg-XYZ", "", "peer", "InvalidGroupId.Malformed", "The security group ID 'sg-XYZ' is malformed"},
		{"tcp", "80", anywhere, strings.Repeat("x", 256), "description", "InvalidParameterValue", "Invalid rule description"},
		{"tcp", "80", anywhere, "tab\there", "description", "InvalidParameterValue", "Invalid rule description"},
		{"tcp", "80", anywhere, "日本語", "description", "InvalidParameterValue", "Invalid rule description"},
	} {
		r, err := ParseRule(Ingress, test.protocol, test.ports, test.peer, test.description)
		f, ok := fault.Of(err)
		if !ok || f.Code != test.code || f.Field != test.field || !strings.Contains(f.Message(), test.message) {
			t.Errorf("%+v: got %v in %+v", test, err, f)
		}
		if r != (Rule{}) {
			t.Errorf("%+v: a refused rule came back as %+v", test, r)
		}
	}
}

func TestRulesThatNoTextMakesAreRefused(t *testing.T) {
	good := Rule{Direction: Ingress, Protocol: TCP, FromPort: 80, ToPort: 80, Prefix: prefix("10.0.0.0/8")}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Rule){
		"no direction":           func(r *Rule) { r.Direction = "sideways" },
		"two peers":              func(r *Rule) { r.SourceGroup = "sg-0123456789abcdef0" },
		"no peer":                func(r *Rule) { r.Prefix = netip.Prefix{} },
		"host bits":              func(r *Rule) { r.Prefix = prefix("10.0.0.1/8") },
		"a mapped prefix":        func(r *Rule) { r.Prefix = prefix("::ffff:10.0.0.0/104") },
		"a number for a word":    func(r *Rule) { r.Protocol = "6" },
		"ports without meaning":  func(r *Rule) { r.Protocol = AllProto },
		"a negative port":        func(r *Rule) { r.FromPort = -1 },
		"a code without a type":  func(r *Rule) { r.Protocol, r.FromPort, r.ToPort = ICMP, -1, 0 },
		"an ICMP type too small": func(r *Rule) { r.Protocol, r.FromPort, r.ToPort = ICMPv6, -2, -1 },
	} {
		r := good
		change(&r)
		if err := r.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestWhatARuleShowsReadsBackAsTheSameRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRule.Draw(t, "rule")
		protocol := r.Protocol
		back, err := ParseRule(r.Direction, protocol, r.PortText(), r.Peer(), r.Description)
		if err != nil || !back.Same(r) {
			t.Fatalf("%+v reads back as %+v, %v", r, back, err)
		}
	})
}

func TestEveryTypeOfTheEditorIsItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, typ := range RuleTypes() {
		if seen[typ.Key] || typ.Label == "" {
			t.Errorf("type %q is there twice or has no label", typ.Key)
		}
		seen[typ.Key] = true
		if typ.AsksPorts || typ.AsksProtocol {
			continue
		}
		r := Rule{Protocol: typ.Protocol, FromPort: typ.FromPort, ToPort: typ.ToPort}
		if got := r.Type(); got != typ {
			t.Errorf("a rule of type %q is shown as %q", typ.Key, got.Key)
		}
	}
	for want, r := range map[string]Rule{
		"custom-tcp":      {Protocol: TCP, FromPort: 8080, ToPort: 8080},
		"custom-udp":      {Protocol: UDP, FromPort: 1, ToPort: 2},
		"custom-icmp":     {Protocol: ICMP, FromPort: 8, ToPort: -1},
		"custom-protocol": {Protocol: "50", FromPort: -1, ToPort: -1},
		"all-traffic":     {Protocol: AllProto, FromPort: -1, ToPort: -1},
	} {
		if got := r.Type().Key; got != want {
			t.Errorf("%+v is shown as %q, want %q", r, got, want)
		}
	}
}

func TestGroupNamesAndDescriptions(t *testing.T) {
	for _, name := range []string{"web", "launch-wizard-1", "a b._-:/()#,@[]+=&;{}!$*", strings.Repeat("x", 255)} {
		if err := ValidGroupName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "  ", "sg-web", "SG-web", "default", "Default", strings.Repeat("x", 256), "日本", "a\nb", "<b>", "a\xff"} {
		f, ok := fault.Of(ValidGroupName(name))
		if !ok || f.Field != "name" || len(f.Message()) > 400 {
			t.Errorf("name %q: %v", name, f)
		}
	}
	for _, text := range []string{"", strings.Repeat("x", 256), "tab\t", "é"} {
		if f, ok := fault.Of(ValidGroupDescription(text)); !ok || f.Field != "description" {
			t.Errorf("description %q: %v", text, f)
		}
	}
	if err := ValidGroupDescription("allows HTTP"); err != nil {
		t.Error(err)
	}
}

func FuzzParseCIDR(f *testing.F) {
	for _, seed := range []string{"0.0.0.0/0", "::/0", "10.1.2.3/8", "1.2.3.4", "::ffff:1.2.3.4/96", "fe80::%1/64", " 1.1.1.1/1 "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseCIDR(text)
		if err != nil {
			if fault.CodeOf(err) != "InvalidParameterValue" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		back, err := ParseCIDR(p.String())
		if err != nil || back != p || p.Masked() != p || p.Addr().Is4In6() {
			t.Fatalf("%q is %v, which reads back as %v, %v", text, p, back, err)
		}
	})
}

func FuzzParseRule(f *testing.F) {
	f.Add("tcp", "80", "0.0.0.0/0", "")
	f.Add("icmp", "8/0", "::/0", "ping")
	f.Add("-1", "All", "sg-0123456789abcdef0", "all")
	f.Add("47", "-", "x", "\x00")
	f.Fuzz(func(t *testing.T, protocol, ports, peer, description string) {
		r, err := ParseRule(Egress, protocol, ports, peer, description)
		if err != nil {
			if f, ok := fault.Of(err); !ok || f.Field == "" || len(f.Message()) > 1000 {
				t.Fatalf("refused without a field, or at length: %v", err)
			}
			return
		}
		if err := r.Validate(); err != nil {
			t.Fatalf("%+v was read and is not valid: %v", r, err)
		}
		back, err := ParseRule(Egress, r.Protocol, r.PortText(), r.Peer(), r.Description)
		if err != nil || back != r {
			t.Fatalf("%+v reads back as %+v, %v", r, back, err)
		}
	})
}
