package ui

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// RepeatProps describe rows of fields that can be added and removed: tags, rules,
// listeners. Every row uses the same field names, so that they arrive as lists.
type RepeatProps struct {
	ID     string            // unique on the page
	Rows   []templ.Component // the fields of each row
	Blank  templ.Component   // the fields of a row that is added
	Add    string            // text of the button
	Remove string            // text of the button in a row; empty is "Remove"
	Empty  string            // shown while there are no rows
	Hint   string            // under the button, such as a limit
	Max    int               // rows; 0 is 50
}

func (r RepeatProps) max() string {
	if r.Max == 0 {
		return "50"
	}
	return strconv.Itoa(r.Max)
}

// EditRows does what the buttons of a Repeat ask for where no script ran: add=ID appends
// an empty value to each of the fields, remove=ID:2 takes away the third of each. It
// changes form in place and tells whether there was anything to do; then the page is shown
// again with the changed form instead of being acted on.
func EditRows(form url.Values, id string, fields ...string) bool {
	if form.Get("add") == id {
		for _, name := range fields {
			form[name] = append(form[name], "")
		}
		return true
	}
	row, ok := strings.CutPrefix(form.Get("remove"), id+":")
	if !ok {
		return false
	}
	n, err := strconv.Atoi(row)
	if err != nil || n < 0 {
		return true // a button that was tampered with removes nothing
	}
	for _, name := range fields {
		if n < len(form[name]) {
			form[name] = slices.Delete(slices.Clone(form[name]), n, n+1)
		}
	}
	return true
}

// Tag is a key with its value.
type Tag struct{ Key, Value string }

// MaxTags is the number of tags that a resource may have (AWS: 50).
const MaxTags = 50

// TagRows are the tags of a submitted TagsEditor, those with neither key nor value left out.
func TagRows(form url.Values) []Tag {
	keys, values := form["tag_key"], form["tag_value"]
	var tags []Tag
	for i, key := range keys {
		t := Tag{Key: strings.TrimSpace(key)}
		if i < len(values) {
			t.Value = strings.TrimSpace(values[i])
		}
		if t != (Tag{}) {
			tags = append(tags, t)
		}
	}
	return tags
}
