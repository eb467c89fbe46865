// Package ident makes AWS-style resource ids and names the scope they live in.
package ident

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// Scope is the account and the Region that own a resource. Nothing is ever looked up
// without one, so that another account's id is simply not found.
type Scope struct {
	Account string // twelve digits
	Region  string // such as ap-northeast-1
}

// New returns prefix-, followed by 17 random lowercase hex digits: 68 bits, never reused.
func New(prefix string) string {
	var b [9]byte
	rand.Read(b[:])
	return prefix + "-" + hex.EncodeToString(b[:])[:17]
}

// Valid reports whether id has the prefix and 8 or 17 lowercase hex digits after it,
// the two shapes that AWS has used.
func Valid(prefix, id string) bool {
	rest, ok := strings.CutPrefix(id, prefix+"-")
	if !ok || len(rest) != 8 && len(rest) != 17 {
		return false
	}
	return strings.Trim(rest, "0123456789abcdef") == ""
}

// Digits returns n random decimal digits, the first of them not zero.
func Digits(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	if n > 0 && b[0] == '0' {
		b[0] = '1'
	}
	return string(b)
}
