package ui

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// PageSizes are the numbers of rows a page that a person may choose from; the third is the default.
func PageSizes() []int { return []int{10, 20, 50, 100} }

const defaultPageSize = 50

// TablePreferences are a person's wishes for one table. The zero value is the default.
type TablePreferences struct {
	PageSize int      // rows a page; 0 is 50
	Hidden   []string // ids of columns that are not shown; nil is the table's own choice
	Chosen   bool     // Hidden was chosen, even if it is empty
	Wrap     bool     // long texts on several lines
	Stripes  bool     // every second row shaded
	Compact  bool     // less height a row
}

// size is the rows a page, one of PageSizes.
func (p TablePreferences) size() int {
	if slices.Contains(PageSizes(), p.PageSize) {
		return p.PageSize
	}
	return defaultPageSize
}

// ParsePreferences reads the preferences dialog: which table, and what was chosen for it.
// What makes no sense falls back to the default; nothing is refused.
func ParsePreferences(form url.Values) (table string, p TablePreferences) {
	p.PageSize, _ = strconv.Atoi(form.Get("page_size"))
	p.PageSize = p.size()
	for _, id := range form["all_columns"] {
		if plainID(id) && !slices.Contains(form["columns"], id) {
			p.Hidden = append(p.Hidden, id)
		}
	}
	p.Chosen = true
	p.Wrap = form.Has("wrap")
	p.Stripes = form.Has("stripes")
	p.Compact = form.Has("compact")
	if !plainID(form.Get("table")) {
		return "", p
	}
	return form.Get("table"), p
}

// plainID tells whether id may stand in a cookie as it is.
func plainID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// String is p in a form that a cookie may carry, such as 50:ws:name:zone.
func (p TablePreferences) String() string {
	flags := ""
	for _, f := range []struct {
		on   bool
		flag string
	}{{p.Wrap, "w"}, {p.Stripes, "s"}, {p.Compact, "c"}, {p.Chosen, "h"}} {
		if f.on {
			flags += f.flag
		}
	}
	return strings.Join(append([]string{strconv.Itoa(p.size()), flags}, p.Hidden...), ":")
}

// PreferencesFromString reads what String wrote. Anything else gives the default, since a
// cookie may hold anything.
func PreferencesFromString(s string) TablePreferences {
	parts := strings.Split(s, ":")
	if len(s) > 2048 || len(parts) < 2 {
		return TablePreferences{}
	}
	size, err := strconv.Atoi(parts[0])
	if err != nil {
		return TablePreferences{}
	}
	p := TablePreferences{PageSize: size}
	p.PageSize = p.size()
	p.Wrap = strings.Contains(parts[1], "w")
	p.Stripes = strings.Contains(parts[1], "s")
	p.Compact = strings.Contains(parts[1], "c")
	p.Chosen = strings.Contains(parts[1], "h")
	for _, id := range parts[2:] {
		if plainID(id) {
			p.Hidden = append(p.Hidden, id)
		}
	}
	return p
}
