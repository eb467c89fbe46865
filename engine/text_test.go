package engine

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClippedTextIsOneShortLineOfValidText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"short text stays", "web-1", "web-1"},
		{"text of the very length stays", "0123456789", "0123456789"},
		{"longer text is cut and marked", "0123456789a", "0123456…"},
		{"a character is never cut in two", "あいうえお", "あい…"},
		{"control characters become spaces", "a\x00b\nc\x1b", "a b c "},
		{"broken bytes are replaced", "a\xffb", "a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := clipped(c.text, 10); got != c.want {
				t.Errorf("clipped(%q, 10) = %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestJoinedAndDistinctKeepTheOrder(t *testing.T) {
	got := distinct([]string{"b", "a", "b", "c", "a"})
	if !slices.Equal(got, []string{"b", "a", "c"}) {
		t.Errorf("distinct gives %q", got)
	}
	if joined(got) != "b,a,c" {
		t.Errorf("joined gives %q", joined(got))
	}
}

func FuzzClipped(f *testing.F) {
	f.Add("web", 10)
	f.Add("\xe3\x81", 4)
	f.Add(strings.Repeat("長", 100), 7)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = max(min(n, 1000), 3) // the ellipsis alone takes three bytes
		got := clipped(text, n)
		if len(got) > n || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00") {
			t.Errorf("clipped(%q, %d) = %q", text, n, got)
		}
	})
}
