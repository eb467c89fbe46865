package i18n

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// pattern finds an error message that was written down in English, such as in the
// activity history, and knows how to say it.
type pattern struct {
	english     *regexp.Regexp
	translation string // with the verbs of fmt
}

// placeholder is one verb of a fmt format, with its index where it has one.
var placeholder = regexp.MustCompile(`%(?:\[(\d+)\])?[a-z]|%%`)

// patterns are those of all faults, the most telling first: a format with more words of
// its own is tried before one that is nearly all values.
func patterns(faults map[string]string) []pattern {
	formats := make([]string, 0, len(faults))
	for format := range faults {
		formats = append(formats, format)
	}
	slices.SortFunc(formats, func(a, b string) int { return len(b) - len(a) })
	all := make([]pattern, len(formats))
	for i, format := range formats {
		all[i] = pattern{english: messageOf(format), translation: faults[format]}
	}
	return all
}

// messageOf matches what a format makes, capturing each value.
func messageOf(format string) *regexp.Regexp {
	var b strings.Builder
	rest := format
	for {
		at := placeholder.FindStringIndex(rest)
		if at == nil {
			b.WriteString(regexp.QuoteMeta(rest))
			return regexp.MustCompile(`(?s)^` + b.String() + `$`)
		}
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		if rest[at[0]:at[1]] == "%%" {
			b.WriteString("%")
		} else {
			b.WriteString("(.*)")
		}
		rest = rest[at[1]:]
	}
}

// say puts the values that were captured into the translation.
func (p pattern) say(values []string) string {
	next := 0
	return placeholder.ReplaceAllStringFunc(p.translation, func(v string) string {
		if v == "%%" {
			return "%"
		}
		at := next
		if m := placeholder.FindStringSubmatch(v); m[1] != "" {
			at = int(m[1][0]-'0') - 1 // no format has ten values
		}
		next = at + 1
		if at >= len(values) {
			return v
		}
		return values[at]
	})
}

// Message translates the English message of a fault that was written down without its
// parts; one that no format makes stays as it is.
func Message(ctx context.Context, english string) string {
	for _, p := range of(ctx).patterns() {
		if m := p.english.FindStringSubmatch(english); m != nil {
			return p.say(m[1:])
		}
	}
	return english
}
