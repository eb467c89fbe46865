package engine

import (
	"strings"
	"unicode"

	"elbow/engine/elb"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// publicDNS is the public name of the interface, empty while it has no public address.
func (e *Engine) publicDNS(iface network.Interface) string {
	if !iface.PublicIP.IsValid() {
		return ""
	}
	return network.PublicName(iface.PublicIP, e.scope.Region, e.domain)
}

// privateDNS is the private name of the interface, empty once its address is gone.
func (e *Engine) privateDNS(iface network.Interface) string {
	if !iface.PrivateIP.IsValid() {
		return ""
	}
	return network.PrivateName(iface.PrivateIP, e.scope.Region)
}

// balancerDNS makes a new public name for a load balancer: as typed, with ten digits that
// no other one has (AWS does the same, so that a name made again is not mistaken for the
// old one). Names are matched without regard to case.
func (e *Engine) balancerDNS(region, name string, scheme elb.Scheme) string {
	label := name + "-" + ident.Digits(10)
	if scheme == elb.Internal {
		label = "internal-" + label
	}
	return strings.Join([]string{label, region, "elb", e.domain}, ".")
}

// hostedZone is the id of the DNS zone that AWS keeps a Region's Classic Load Balancers
// in (General Reference, "Elastic Load Balancing endpoints and quotas"), empty for a
// Region that is not listed here.
func hostedZone(region string) string {
	return map[string]string{
		"ap-northeast-1": "Z14GRHDCWA56QT",
		"ap-northeast-2": "ZWKZPGTI48KDX",
		"ap-southeast-1": "Z1LMS91P8CMLE5",
		"ap-southeast-2": "Z1GM3OXH4ZPM65",
		"eu-central-1":   "Z215JYRZR1TBD5",
		"eu-west-1":      "Z32O12XQLNTSW2",
		"us-east-1":      "Z35SXDOTRQ7X7K",
		"us-east-2":      "Z3AADJGX6KTTL2",
		"us-west-1":      "Z368ELLRRE2KJ0",
		"us-west-2":      "Z1H1FL5HABSF5",
	}[region]
}

// shown is how an id or a name that somebody sent appears in a message or in the history:
// at most 100 characters, none of them a control character.
func shown(text string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	return clipped(printable, 100)
}
