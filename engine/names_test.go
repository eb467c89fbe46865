package engine

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"elbow/engine/elb"
	"elbow/engine/network"
)

func TestALoadBalancersNameIsAWSsWithOurDomain(t *testing.T) {
	c := newCloud(t)
	for scheme, want := range map[elb.Scheme]string{
		elb.InternetFacing: `^My-clb-[1-9][0-9]{9}\.ap-northeast-1\.elb\.localhost$`,
		elb.Internal:       `^internal-My-clb-[1-9][0-9]{9}\.ap-northeast-1\.elb\.localhost$`,
	} {
		if got := c.balancerDNS("ap-northeast-1", "My-clb", scheme); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: got %s, want %s", scheme, got, want)
		}
	}
}

func TestTheLongestNameStillFitsADNSLabel(t *testing.T) {
	c := newCloud(t)
	label, _, _ := strings.Cut(c.balancerDNS("ap-northeast-1", strings.Repeat("a", 32), elb.Internal), ".")
	if len(label) > 63 { // RFC 1035, section 2.3.4
		t.Errorf("%d characters: %s", len(label), label)
	}
}

func TestAnInterfaceWithoutAddressesHasNoNames(t *testing.T) {
	c := newCloud(t)
	if got := c.publicDNS(network.Interface{}) + c.privateDNS(network.Interface{}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestTheHostedZoneIsAWSs(t *testing.T) {
	if got := hostedZone("ap-northeast-1"); got != "Z14GRHDCWA56QT" {
		t.Errorf("Tokyo: %s", got)
	}
	if got := hostedZone("moon-1"); got != "" {
		t.Errorf("a Region that AWS has not: %s", got)
	}
}

func TestWhatIsShownIsShortAndPrintable(t *testing.T) {
	got := shown("a\x00b\r\n\x1b[31m" + strings.Repeat("長", 500) + "\xff")
	if len(got) > 100 || !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r\n\x1b") {
		t.Errorf("got %q", got)
	}
	if got := shown("sg-0123"); got != "sg-0123" {
		t.Errorf("got %q", got)
	}
}
