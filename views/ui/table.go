package ui

import (
	"maps"
	"net/url"
	"strconv"

	"github.com/a-h/templ"
)

// TableProps are a list of rows ready to be shown: filtered, sorted, one page of it. List.Table
// makes it; With adds what stands around it.
type TableProps struct {
	ID string
	Frame

	prefix      string
	selection   Selection
	path        string
	query       url.Values
	preferences TablePreferences
	filter      string
	sort        string
	desc        bool
	page, pages int
	total       int // before the filter
	matched     int // after it
	columns     []column
	rows        []row
}

// Frame is what stands around the rows of a table.
type Frame struct {
	Title       string
	Level       int // 1: the page's own title, no frame; 0 or 2: framed like a container
	Description string
	Info        templ.Component
	Actions     templ.Component
	Placeholder string          // in the filter field
	Empty       templ.Component // when there are no rows at all; usually EmptyState
	Live        []string        // event nouns that make the table fetch itself again
	Plain       bool            // no filter, pages and preferences: for a short list
	Label       string          // spoken name, when there is no Title
}

type column struct {
	id, label                        string
	fixed, numeric, sortable, hidden bool
}

type row struct {
	key, name string
	allow     string // actions, separated by spaces
	selected  bool
	cells     []templ.Component
}

// With returns the table with f around it.
func (t TableProps) With(f Frame) TableProps {
	t.Frame = f
	return t
}

// Matched is the number of rows that the filter left, over all pages.
func (t TableProps) Matched() int { return t.matched }

// Rows is the number of rows on this page.
func (t TableProps) Rows() int { return len(t.rows) }

// region is the class list of the table's region.
func (t TableProps) class() string {
	class := "live table-frame table-boxed"
	if t.Level == 1 {
		class = "live table-frame table-full"
	}
	if t.preferences.Wrap {
		class += " table-wrap-lines"
	}
	if t.preferences.Stripes {
		class += " table-stripes"
	}
	if t.preferences.Compact {
		class += " table-compact"
	}
	return class
}

// counter is the number beside the title, such as (25) or (2/25) while two are selected.
func (t TableProps) counter() string {
	selected := 0
	for _, r := range t.rows {
		if r.selected {
			selected++
		}
	}
	if selected > 0 {
		return "(" + strconv.Itoa(selected) + "/" + strconv.Itoa(t.total) + ")"
	}
	return "(" + strconv.Itoa(t.total) + ")"
}

// visible are the columns that are shown.
func (t TableProps) visible() []column {
	var list []column
	for _, c := range t.columns {
		if !c.hidden {
			list = append(list, c)
		}
	}
	return list
}

// span is the number of cells in a row.
func (t TableProps) span() string {
	n := len(t.visible())
	if t.selection != SelectNone {
		n++
	}
	return strconv.Itoa(n)
}

// with is the table's address with some of its own parameters changed; a value of ""
// removes one. The dialog never goes along.
func (t TableProps) with(changes map[string]string) string {
	q := maps.Clone(t.query)
	if q == nil {
		q = url.Values{}
	}
	q.Del("dialog")
	for key, value := range changes {
		q.Del(t.prefix + key)
		if value != "" {
			q.Set(t.prefix+key, value)
		}
	}
	return withQuery(t.path, q)
}

// here is the table's own address, with its selection, for fetching itself again.
func (t TableProps) here() string { return t.with(nil) }

// clear is the address without the filter.
func (t TableProps) clear() string { return t.with(map[string]string{"q": "", "page": "", "sel": ""}) }

// sortLink is the address that sorts by c, downwards when it is sorted upwards already.
func (t TableProps) sortLink(c column) string {
	desc := ""
	if t.sort == c.id && !t.desc {
		desc = "1"
	}
	return t.with(map[string]string{"sort": c.id, "desc": desc, "page": "", "sel": ""})
}

// sorted is the value of aria-sort for c, and the icon of its heading.
func (t TableProps) sorted(c column) (aria, icon string) {
	switch {
	case t.sort != c.id:
		return "", "caret-down"
	case t.desc:
		return "descending", "caret-down-filled"
	}
	return "ascending", "caret-up-filled"
}

// pageLink is the address of page n.
func (t TableProps) pageLink(n int) string {
	return t.with(map[string]string{"page": strconv.Itoa(n), "sel": ""})
}

// pageNumbers are the pages to offer: the first, the last and the neighbours of this one;
// 0 stands for a gap.
func (t TableProps) pageNumbers() []int {
	var list []int
	for n := 1; n <= t.pages; n++ {
		near := n >= t.page-1 && n <= t.page+1
		if n == 1 || n == t.pages || near || t.pages <= 7 {
			list = append(list, n)
		} else if list[len(list)-1] != 0 {
			list = append(list, 0)
		}
	}
	return list
}

// formID is the id of the form that a selection is sent with.
func (t TableProps) formID() string { return t.ID + "-form" }

// dialogName is what ?dialog= says for the table's preferences.
func (t TableProps) dialogName() string { return "preferences-" + t.ID }

// kept are the parameters of the page that a form of the table sends along, leaving out some.
func (t TableProps) kept(leave ...string) []Hidden {
	var list []Hidden
	skip := map[string]bool{"dialog": true}
	for _, key := range leave {
		skip[t.prefix+key] = true
	}
	for key, values := range t.query {
		if skip[key] {
			continue
		}
		for _, v := range values {
			list = append(list, Hidden{Name: key, Value: v})
		}
	}
	sortHidden(list)
	return list
}
