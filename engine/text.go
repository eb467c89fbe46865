package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// joined lists words on one line, separated by commas.
func joined(words []string) string { return strings.Join(words, ",") }

// clipped makes text fit for one line of at most n bytes: control characters become
// spaces, bytes that are no UTF-8 the replacement character, and a cut, always between
// characters, is marked with an ellipsis.
func clipped(text string, n int) string {
	const mark = "…"
	// Hostile text may be very long: what is certain to be cut is not looked at.
	cut := len(text) > 4*n
	if cut {
		text = text[:4*n]
	}
	text = strings.Map(oneLine, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= n && !cut {
		return text
	}
	end := max(min(n-len(mark), len(text)), 0)
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

func oneLine(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// distinct keeps the first of each word, in order.
func distinct(words []string) []string {
	seen := make(map[string]bool, len(words))
	kept := make([]string, 0, len(words))
	for _, w := range words {
		if !seen[w] {
			seen[w] = true
			kept = append(kept, w)
		}
	}
	return kept
}
