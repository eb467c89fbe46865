package compute

import (
	"strings"
	"unicode/utf8"

	"elbow/engine/fault"
)

// ValidImageName checks the name of an AMI: 3 to 128 letters, digits, spaces and
// ( ) [ ] . / - ' @ _ . Source: EC2 API, CreateImage. That it is unique is for the
// control plane to say.
func ValidImageName(name string) error {
	const punctuation = "()[] ./-'@_"
	ok := len(name) >= 3 && len(name) <= 128
	for _, r := range name {
		ok = ok && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(punctuation, r))
	}
	if ok {
		return nil
	}
	return fault.New(fault.Invalid, "InvalidAMIName.Malformed",
		"AMI names must be between 3 and 128 characters long, and may contain letters, numbers, spaces and ( ) [ ] . / - ' @ _ only; %q does not fit.", clip(name)).In("name")
}

// ValidImageDescription checks the description of an AMI: at most 255 characters, none of
// them a control character. Source: EC2 User Guide, Create an AMI.
func ValidImageDescription(text string) error {
	if utf8.RuneCountInString(text) > 255 {
		return fault.New(fault.Invalid, "InvalidParameterValue", "The description has %d characters; it may have at most 255.", utf8.RuneCountInString(text)).In("description")
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fault.New(fault.Invalid, "InvalidParameterValue", "The description contains control characters. Remove them.").In("description")
	}
	return nil
}

// clip keeps a refused value readable in a message.
func clip(s string) string {
	const most = 140
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
