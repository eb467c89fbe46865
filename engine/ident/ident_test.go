package ident

import (
	"strings"
	"testing"
)

func TestNewIdsHaveAWSsShape(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := New("i")
		if !Valid("i", id) || len(id) != len("i-")+17 {
			t.Fatalf("New made %q", id)
		}
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
}

func TestValid(t *testing.T) {
	for id, want := range map[string]bool{
		"sg-0123456789abcdef0":  true,
		"sg-01234567":           true,
		"sg-0123456789abcdef":   false,
		"sg-0123456789ABCDEF0":  false,
		"sg-":                   false,
		"ami-0123456789abcdef0": false,
		"sg-0123456789abcdefg":  false,
		"":                      false,
	} {
		if got := Valid("sg", id); got != want {
			t.Errorf("Valid(sg, %q) = %v, want %v", id, got, want)
		}
	}
}

func TestDigitsNeverBeginWithZero(t *testing.T) {
	for range 1000 {
		d := Digits(10)
		if len(d) != 10 || d[0] == '0' || strings.Trim(d, "0123456789") != "" {
			t.Fatalf("Digits(10) = %q", d)
		}
	}
}
