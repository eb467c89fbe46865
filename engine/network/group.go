package network

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"elbow/engine/fault"
)

// AWS's default quotas (Amazon VPC User Guide, "Amazon VPC quotas").
const (
	MaxGroups             = 2500 // security groups in a Region
	MaxRulesPerDirection  = 60   // rules of a group in one direction; IPv4 and IPv6 are counted apart
	MaxGroupsPerInterface = 5    // groups that one interface wears
	MaxGroupText          = 255  // characters of a group's name, of its description and of a rule's
)

// groupMarks are the characters besides letters, digits and the space that names and
// descriptions may hold (EC2 API Reference, CreateSecurityGroup).
const groupMarks = "._-:/()#,@[]+=&;{}!$*"

// ValidGroupName refuses a name that AWS would refuse for a new group: empty, over 255
// characters, with characters outside AWS's set, beginning with sg- or taken by the
// default group. That it is unique in its VPC is for the caller to see to.
func ValidGroupName(name string) error {
	if strings.TrimSpace(name) == "" {
		return fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter %s", "GroupName").In("name")
	}
	if strings.HasPrefix(strings.ToLower(name), "sg-") {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Invalid value '%s' for groupName. A name cannot begin with sg-, which is how ids begin.", shown(name)).In("name")
	}
	if strings.EqualFold(strings.TrimSpace(name), "default") {
		return fault.New(fault.Invalid, "InvalidParameterValue", "Cannot use reserved security group name: %s", shown(name)).In("name")
	}
	if !validText(name) {
		return fault.New(fault.Invalid, "InvalidParameterValue",
			"Invalid security group name '%s'. Valid names are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", shown(name)).In("name")
	}
	return nil
}

// ValidGroupDescription refuses a description that AWS would refuse for a new group:
// empty, over 255 characters, or with characters outside AWS's set.
func ValidGroupDescription(text string) error {
	if strings.TrimSpace(text) == "" {
		return fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter %s", "GroupDescription").In("description")
	}
	if !validText(text) {
		return fault.New(fault.Invalid, "InvalidParameterValue",
			"Invalid security group description '%s'. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", shown(text)).In("description")
	}
	return nil
}

// validText reports whether text is of AWS's set of characters and no longer than it allows.
// Length comes first: what is over-long is not walked.
func validText(text string) bool {
	return len(text) <= MaxGroupText && strings.IndexFunc(text, outsideSet) < 0
}

func outsideSet(r rune) bool {
	isWord := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == ' '
	return !isWord && !strings.ContainsRune(groupMarks, r)
}

// shown is text as a message may repeat it: valid UTF-8 on one line, cut after 64 characters.
func shown(text string) string {
	const most = 64
	n := 0
	var b strings.Builder
	for _, r := range text {
		if n++; n > most {
			return b.String() + "…"
		}
		if unicode.IsControl(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}
