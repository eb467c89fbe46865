package ui

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// pet is a row of these tests.
type pet struct {
	name string
	age  int
}

func pets() List[pet] {
	return List[pet]{
		ID: "pets", Sort: "name",
		Key: func(p pet) string { return p.name },
		Columns: []Col[pet]{
			{ID: "name", Label: "Name", Text: func(p pet) string { return p.name }, Fixed: true},
			{ID: "age", Label: "Age", Text: func(p pet) string { return fmt.Sprint(p.age) }, Compare: func(a, b pet) int { return a.age - b.age }},
			{ID: "note", Label: "Note", Text: func(pet) string { return "same" }, Unsorted: true, Hidden: true},
		},
		Haystack: func(p pet) string { return "tag=" + p.name + "!" },
	}
}

// show applies the URL query to some pets and gives their names in order.
func show(t *testing.T, query string, items ...pet) (TableProps, string) {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	table := pets().Table(WithPage(t.Context(), Page{Path: "/pets", Query: q}), items)
	var names []string
	for _, r := range table.rows {
		names = append(names, r.key)
	}
	return table, strings.Join(names, " ")
}

func TestTheAddressOfATableDecidesWhatItShows(t *testing.T) {
	items := []pet{{"web10", 3}, {"web2", 1}, {"Alpha", 3}}
	for _, c := range []struct{ query, want string }{
		{"", "Alpha web2 web10"}, // letter case aside, numbers by value
		{"sort=name&desc=1", "web10 web2 Alpha"},
		{"sort=age", "web2 Alpha web10"}, // ties by key
		{"sort=age&desc=1", "Alpha web10 web2"},
		{"sort=note", "Alpha web2 web10"}, // does not sort: the list's own order
		{"sort=%00%3Cscript%3E", "Alpha web2 web10"},
		{"q=WEB", "web2 web10"},
		{"q=web+3", "web10"}, // every word, in any column
		{"q=tag%3Dalpha", "Alpha"},
		{"q=nothing", ""},
		{"q=+", "Alpha web2 web10"},
		{"page=99", "Alpha web2 web10"},
		{"page=-1", "Alpha web2 web10"},
		{"page=x", "Alpha web2 web10"},
	} {
		if _, got := show(t, c.query, items...); got != c.want {
			t.Errorf("?%s shows %q, want %q", c.query, got, c.want)
		}
	}
	if items[0].name != "web10" {
		t.Error("the caller's list was sorted in place")
	}
}

func TestPagesAreCutAndOffered(t *testing.T) {
	var items []pet
	for i := range 1000 {
		items = append(items, pet{fmt.Sprintf("p%d", i), i})
	}
	for _, c := range []struct {
		page    string
		first   string
		rows    int
		numbers []int
	}{
		{"", "p0", 50, []int{1, 2, 0, 20}},
		{"2", "p50", 50, []int{1, 2, 3, 0, 20}},
		{"10", "p450", 50, []int{1, 0, 9, 10, 11, 0, 20}},
		{"20", "p950", 50, []int{1, 0, 19, 20}},
		{"999999999999999999999", "p0", 50, []int{1, 2, 0, 20}},
		{"21", "p950", 50, []int{1, 0, 19, 20}},
	} {
		table, _ := show(t, "page="+c.page, items...)
		if got := table.rows[0].key; got != c.first || table.Rows() != c.rows {
			t.Errorf("page %q starts at %s with %d rows, want %s and %d", c.page, got, table.Rows(), c.first, c.rows)
		}
		if got := table.pageNumbers(); !slices.Equal(got, c.numbers) {
			t.Errorf("page %q offers %v, want %v", c.page, got, c.numbers)
		}
	}
	table, _ := show(t, "q=p99", items...)
	if table.Matched() != 11 || table.pages != 1 {
		t.Errorf("%d matches on %d pages, want 11 on 1", table.Matched(), table.pages)
	}
}

func TestLinksOfATableKeepWhatTheyDoNotChange(t *testing.T) {
	table, _ := show(t, "q=a&tab=health&sort=age&page=1&dialog=x&sel=a", pet{"a", 1})
	for name, c := range map[string]struct{ got, want string }{
		"itself":       {table.here(), "/pets?page=1&q=a&sel=a&sort=age&tab=health"},
		"sort the way": {table.sortLink(column{id: "age"}), "/pets?desc=1&q=a&sort=age&tab=health"},
		"sort another": {table.sortLink(column{id: "name"}), "/pets?q=a&sort=name&tab=health"},
		"page":         {table.pageLink(2), "/pets?page=2&q=a&sort=age&tab=health"},
		"clear":        {table.clear(), "/pets?sort=age&tab=health"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
	if got := table.kept("q", "page", "sel"); !slices.Equal(got, []Hidden{{"sort", "age"}, {"tab", "health"}}) {
		t.Errorf("the filter sends along %v", got)
	}
}

func TestTwoTablesOnAPageDoNotDisturbEachOther(t *testing.T) {
	q, _ := url.ParseQuery("q=y&r_q=x&r_sel=xa&r_sort=age&sel=b")
	l := pets()
	l.Prefix = "r_"
	table := l.Table(WithPage(t.Context(), Page{Path: "/p", Query: q}), []pet{{"xa", 2}, {"xab", 1}, {"b", 0}})
	if len(table.rows) != 2 || table.rows[0].key != "xab" || !table.rows[1].selected || table.rows[0].selected {
		t.Errorf("rows %+v", table.rows)
	}
	if got, want := table.clear(), "/p?q=y&r_sort=age&sel=b"; got != want {
		t.Errorf("clearing leads to %s, want %s", got, want)
	}
}

func TestPreferencesChooseColumnsAndPageSize(t *testing.T) {
	items := make([]pet, 30)
	for i := range items {
		items[i] = pet{fmt.Sprint(i), i}
	}
	at := func(p TablePreferences) TableProps {
		return pets().Table(WithPage(t.Context(), Page{Preferences: map[string]TablePreferences{"pets": p}}), items)
	}
	ids := func(t TableProps) (list []string) {
		for _, c := range t.visible() {
			list = append(list, c.id)
		}
		return list
	}
	for name, c := range map[string]struct {
		wishes TablePreferences
		rows   int
		want   []string
	}{
		"none":               {TablePreferences{}, 30, []string{"name", "age"}},
		"ten a page":         {TablePreferences{PageSize: 10}, 10, []string{"name", "age"}},
		"no such size":       {TablePreferences{PageSize: -7}, 30, []string{"name", "age"}},
		"all columns":        {TablePreferences{Chosen: true}, 30, []string{"name", "age", "note"}},
		"all columns hidden": {TablePreferences{Chosen: true, Hidden: []string{"name", "age", "note"}}, 30, []string{"name"}},
	} {
		table := at(c.wishes)
		if table.Rows() != c.rows || !slices.Equal(ids(table), c.want) {
			t.Errorf("%s: %d rows of %v, want %d of %v", name, table.Rows(), ids(table), c.rows, c.want)
		}
		if len(table.rows[0].cells) != len(c.want) {
			t.Errorf("%s: %d cells under %d headings", name, len(table.rows[0].cells), len(c.want))
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	list := []string{"web10", "Web2", "web2", "web", "", "10", "9", "007", "7", "99999999999999999999999999", "ウェブ"}
	slices.SortFunc(list, natural)
	want := []string{"", "007", "7", "9", "10", "99999999999999999999999999", "web", "Web2", "web2", "web10", "ウェブ"}
	if !slices.Equal(list, want) {
		t.Errorf("%q, want %q", list, want)
	}
}

func FuzzNaturalOrderIsAnOrder(f *testing.F) {
	f.Add("a1", "a01", "A10")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if natural(a, b) != -natural(b, a) {
			t.Errorf("%q and %q: not antisymmetric", a, b)
		}
		if natural(a, b) <= 0 && natural(b, c) <= 0 && natural(a, c) > 0 {
			t.Errorf("%q, %q, %q: not transitive", a, b, c)
		}
		if (natural(a, b) == 0) != (a == b) {
			t.Errorf("%q and %q tie", a, b)
		}
	})
}

func TestAThousandRowsAreQuicklyArranged(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement")
	}
	items := make([]pet, 1000)
	for i := range items {
		items[i] = pet{fmt.Sprintf("web server %d", i*7919%1000), i}
	}
	ctx := WithPage(context.Background(), Page{Query: url.Values{"q": {"server"}, "sort": {"name"}}})
	took := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			pets().Table(ctx, items)
		}
	})
	if per := took.NsPerOp(); per > 100e6 { // some 1 ms alone on a machine; eight share this one
		t.Errorf("%d ms for 1,000 rows", per/1e6)
	}
}
