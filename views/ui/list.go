package ui

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Selection says how many rows of a table a person may select.
type Selection int

// The ways to select.
const (
	SelectNone Selection = iota
	SelectOne
	SelectMany
)

// Col is one column over rows of type T.
type Col[T any] struct {
	ID       string // stands in the URL and in the preferences: a-z, 0-9, - and _
	Label    string
	Text     func(T) string          // what the filter searches; the cell, when Cell is nil; the order, when Compare is nil
	Cell     func(T) templ.Component // what is shown; nil is Text
	Compare  func(a, b T) int        // the order; nil is by Text, numbers inside it by value
	Fixed    bool                    // cannot be hidden
	Hidden   bool                    // off until a person turns it on
	Unsorted bool                    // its heading does not sort
	Numeric  bool                    // right-aligned
}

// List describes a table over things of type T. Table applies the URL and the person's
// preferences to the things and gives what the component of the same name shows.
type List[T any] struct {
	ID        string // of the region; the form of its selection is ID-form
	Prefix    string // before q, page, sort, desc and sel in the URL, for a second table on a page
	Columns   []Col[T]
	Key       func(T) string   // a row's id, the value of its checkbox
	Name      func(T) string   // how a row is spoken of; nil is Key
	Allow     func(T) []string // the actions that a row allows; see Needs
	Haystack  func(T) string   // further text for the filter, such as tags
	Selection Selection
	Sort      string // id of the column sorted by at first; empty keeps the given order
	Desc      bool
}

// Table filters, sorts and pages items as the URL of the page says. It does not change items.
func (l List[T]) Table(ctx context.Context, items []T) TableProps {
	p := PageOf(ctx)
	t := TableProps{
		ID: l.ID, prefix: l.Prefix, selection: l.Selection, path: p.Path, query: p.Query,
		preferences: p.Preferences[l.ID], total: len(items),
		filter: strings.TrimSpace(p.Query.Get(l.Prefix + "q")),
	}
	t.sort, t.desc = l.order(p.Query)
	kept := l.matching(items, t.filter)
	l.arrange(kept, t.sort, t.desc)
	t.matched = len(kept)
	t.page, t.pages = clampPage(p.Query.Get(l.Prefix+"page"), len(kept), t.preferences.size())
	first := (t.page - 1) * t.preferences.size()
	kept = kept[first:min(first+t.preferences.size(), len(kept))]
	t.columns = l.columns(t.preferences)
	selected := p.Query[l.Prefix+"sel"]
	for _, item := range kept {
		t.rows = append(t.rows, l.row(item, t.columns, selected))
	}
	return t
}

// order is the column and direction from the URL, or the list's own.
func (l List[T]) order(q url.Values) (column string, desc bool) {
	wanted := q.Get(l.Prefix + "sort")
	known := func(c Col[T]) bool { return c.ID == wanted && !c.Unsorted }
	if wanted == "" || !slices.ContainsFunc(l.Columns, known) {
		return l.Sort, l.Desc
	}
	return wanted, q.Get(l.Prefix+"desc") == "1"
}

// matching are the items in which every word of filter occurs somewhere, letter case aside.
func (l List[T]) matching(items []T, filter string) []T {
	words := strings.Fields(strings.ToLower(filter))
	kept := make([]T, 0, len(items))
	for _, item := range items {
		if len(words) == 0 || containsAll(l.text(item), words) {
			kept = append(kept, item)
		}
	}
	return kept
}

// text is all that the filter searches in item.
func (l List[T]) text(item T) string {
	var b strings.Builder
	for _, c := range l.Columns {
		b.WriteString(c.Text(item))
		b.WriteByte('\n')
	}
	if l.Haystack != nil {
		b.WriteString(l.Haystack(item))
	}
	return strings.ToLower(b.String())
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// arrange sorts items in place by one column, ties by key, so that no row jumps when a
// region fetches itself again.
func (l List[T]) arrange(items []T, column string, desc bool) {
	i := slices.IndexFunc(l.Columns, func(c Col[T]) bool { return c.ID == column })
	if i < 0 {
		return
	}
	c := l.Columns[i]
	compare := c.Compare
	if compare == nil {
		compare = func(a, b T) int { return natural(c.Text(a), c.Text(b)) }
	}
	slices.SortStableFunc(items, func(a, b T) int {
		order := compare(a, b)
		if desc {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(l.Key(a), l.Key(b)))
	})
}

// columns are those that are shown.
func (l List[T]) columns(p TablePreferences) []column {
	var list []column
	for _, c := range l.Columns {
		hidden := c.Hidden
		if p.Chosen {
			hidden = slices.Contains(p.Hidden, c.ID)
		}
		list = append(list, column{
			id: c.ID, label: c.Label, fixed: c.Fixed, numeric: c.Numeric, sortable: !c.Unsorted,
			hidden: hidden && !c.Fixed,
		})
	}
	return list
}

// row makes the cells of the columns that are shown.
func (l List[T]) row(item T, columns []column, selected []string) row {
	r := row{key: l.Key(item)}
	r.name = r.key
	if l.Name != nil {
		r.name = l.Name(item)
	}
	if l.Allow != nil {
		r.allow = strings.Join(l.Allow(item), " ")
	}
	r.selected = slices.Contains(selected, r.key)
	for i, c := range l.Columns {
		switch {
		case columns[i].hidden:
		case c.Cell != nil:
			r.cells = append(r.cells, c.Cell(item))
		default:
			r.cells = append(r.cells, Text(c.Text(item)))
		}
	}
	return r
}

// clampPage is the page asked for, kept within what there is; pages is at least 1.
func clampPage(asked string, rows, size int) (page, pages int) {
	pages = max(1, (rows+size-1)/size)
	page, err := strconv.Atoi(asked)
	if err != nil {
		return 1, pages
	}
	return min(max(page, 1), pages), pages
}

// natural orders text as people do: letter case aside, and web2 before web10.
func natural(a, b string) int {
	x, y := strings.ToLower(a), strings.ToLower(b)
	for x != "" && y != "" {
		nx, restX := leadingNumber(x)
		ny, restY := leadingNumber(y)
		if nx != "" && ny != "" {
			if order := compareNumbers(nx, ny); order != 0 {
				return order
			}
			x, y = restX, restY
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// leadingNumber splits the digits at the start of s from the rest.
func leadingNumber(s string) (digits, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

// compareNumbers compares two runs of digits by value, however long they are.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
