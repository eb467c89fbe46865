package store

import (
	"fmt"
	"net/netip"
	"time"
)

// micros is how a time is stored: microseconds since 1970 in UTC, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// The columns below scan a value into the type that a record has for it. What does not
// parse is an error of the read: a damaged row never becomes a zero value.

// timeColumn scans what micros wrote.
type timeColumn struct{ to *time.Time }

func at(t *time.Time) timeColumn { return timeColumn{t} }

// Scan implements sql.Scanner.
func (c timeColumn) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("%v is no time", v)
	}
	if n != 0 {
		*c.to = time.UnixMicro(n).UTC()
	}
	return nil
}

// durationColumn scans a number of milliseconds.
type durationColumn struct{ to *time.Duration }

func millis(d *time.Duration) durationColumn { return durationColumn{d} }

// Scan implements sql.Scanner.
func (c durationColumn) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("%v is no duration", v)
	}
	*c.to = time.Duration(n) * time.Millisecond
	return nil
}

// textColumn scans what an address or a prefix is written as, and leaves the zero value
// for NULL.
type textColumn[T any] struct {
	to    *T
	parse func(string) (T, error)
}

func address(a *netip.Addr) textColumn[netip.Addr] {
	return textColumn[netip.Addr]{a, netip.ParseAddr}
}

func prefix(p *netip.Prefix) textColumn[netip.Prefix] {
	return textColumn[netip.Prefix]{p, netip.ParsePrefix}
}

// Scan implements sql.Scanner.
func (c textColumn[T]) Scan(v any) error {
	if v == nil {
		return nil
	}
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%v is no text", v)
	}
	parsed, err := c.parse(text)
	if err == nil {
		*c.to = parsed
	}
	return err
}

// orNull is how an address, a prefix or an id is stored that may be missing: its text,
// or NULL, which no constraint compares.
func orNull(present bool, text string) any {
	if !present {
		return nil
	}
	return text
}

// nullColumn scans what orNull wrote of an id.
type nullColumn struct{ to *string }

func orEmpty(s *string) nullColumn { return nullColumn{s} }

// Scan implements sql.Scanner.
func (c nullColumn) Scan(v any) error {
	if v == nil {
		return nil
	}
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%v is no text", v)
	}
	*c.to = text
	return nil
}
