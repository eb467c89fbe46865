package web

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"elbow/engine/fault"
)

// maxField is the longest single line that a form takes, in bytes; what a field means may
// ask for less, and the engine says so.
const maxField = 4096

// form reads a posted form into typed values. The first thing that is wrong stays in it as
// a fault that names its field; reading goes on, so that the form can be shown again with
// all the words that were typed.
type form struct {
	Values url.Values
	fault  *fault.Error
}

// form parses the request's form: the body of a POST, else the query. A body that is no
// form at all is an error, not a fault.
func (s *Server) form(c echo.Context) (*form, error) {
	r := c.Request()
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	if kind == "multipart/form-data" {
		err = r.ParseMultipartForm(maxBody)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return nil, unreadable(err)
	}
	values := r.PostForm
	if r.Method == http.MethodGet {
		values = r.Form
	}
	return &form{Values: values}, nil
}

// Text is a single line without the white space around it. Control characters, broken
// UTF-8 and more than 4,096 bytes are faults.
func (f *form) Text(field string) string {
	text := strings.TrimSpace(f.Values.Get(field))
	f.check(field, text)
	return text
}

// Lines is a text of several lines as it was typed, its line ends made "\n". Only NUL and
// broken UTF-8 are faults; the length is the engine's business.
func (f *form) Lines(field string) string {
	text := strings.ReplaceAll(f.Values.Get(field), "\r\n", "\n")
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		f.wrong(notText(field))
	}
	return text
}

// Flag reports whether a checkbox was ticked.
func (f *form) Flag(field string) bool {
	v := f.Values.Get(field)
	return v != "" && v != "off" && v != "false" && v != "0"
}

// OneOf is one of the choices, which must be given; anything else is a fault.
func (f *form) OneOf(field string, choices ...string) string {
	text := f.Text(field)
	if !slices.Contains(choices, text) {
		f.wrong(fault.New(fault.Invalid, "ValidationError", "%q is not one of the choices: %s.", clip(text), strings.Join(choices, ", ")).In(field))
		return ""
	}
	return text
}

// OneOfOr is OneOf, with a choice for a field that was left empty.
func (f *form) OneOfOr(field, empty string, choices ...string) string {
	if f.Text(field) == "" {
		return empty
	}
	return f.OneOf(field, choices...)
}

// Int is a whole number from low to high, both included. Anything else is a fault of the
// field, and 0 is returned.
func (f *form) Int(field string, low, high int) int {
	text := f.Text(field)
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		f.wrong(fault.New(fault.Invalid, "ValidationError", "Enter a whole number from %d to %d, not %q.", low, high, clip(text)).In(field))
		return 0
	}
	return n
}

// IntOr is Int, with a value for a field that was left empty.
func (f *form) IntOr(field string, empty, low, high int) int {
	if f.Text(field) == "" {
		return empty
	}
	return f.Int(field, low, high)
}

// Many is every value of a field, trimmed, without empty ones, each once, in their order.
func (f *form) Many(field string) []string {
	var all []string
	for _, v := range f.Values[field] {
		v = strings.TrimSpace(v)
		f.check(field, v)
		if v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// Row is one line of a repeated group of fields: Row["tag_key"].
type Row map[string]string

// Rows reads a repeated group of fields, which share their names from row to row. Rows in
// which everything is empty are left out; a field that a row lacks is empty.
func (f *form) Rows(fields ...string) []Row {
	return slices.DeleteFunc(f.AllRows(fields...), Row.empty)
}

// empty reports whether nothing was typed into the row.
func (r Row) empty() bool {
	for _, text := range r {
		if text != "" {
			return false
		}
	}
	return true
}

// AllRows is Rows with the rows in which everything is empty.
func (f *form) AllRows(fields ...string) []Row {
	count := 0
	for _, field := range fields {
		count = max(count, len(f.Values[field]))
	}
	var rows []Row
	for i := range count {
		row := Row{}
		for _, field := range fields {
			if i < len(f.Values[field]) {
				row[field] = strings.TrimSpace(f.Values[field][i])
				f.check(field, row[field])
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Tags reads the tags editor's fields tag_key and tag_value. What is wrong in a row, two
// rows with one key and a value without a key are faults of the field "tags".
func (f *form) Tags() map[string]string {
	tags, before := map[string]string{}, f.fault
	rows := f.Rows("tag_key", "tag_value")
	if f.fault != before {
		f.fault = f.fault.In("tags")
	}
	for _, row := range rows {
		key := row["tag_key"]
		if _, twice := tags[key]; twice {
			f.wrong(fault.New(fault.Invalid, "InvalidParameterValue", "The tag key %q appears more than once.", key).In("tags"))
		}
		if key == "" {
			f.wrong(fault.New(fault.Invalid, "InvalidParameterValue", "The tag value %q has no key.", clip(row["tag_value"])).In("tags"))
		}
		tags[key] = row["tag_value"]
	}
	return tags
}

// Err is the first fault, or nil when everything could be read.
func (f *form) Err() error {
	if f.fault == nil {
		return nil
	}
	return f.fault
}

// wrong keeps the first fault.
func (f *form) wrong(e *fault.Error) {
	if f.fault == nil {
		f.fault = e
	}
}

func (f *form) check(field, text string) {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		f.wrong(notText(field))
	case len(text) > maxField:
		f.wrong(fault.New(fault.Invalid, "ValidationError", "The value is %d bytes long; at most %d are possible.", len(text), maxField).In(field))
	}
}

func notText(field string) *fault.Error {
	return fault.New(fault.Invalid, "ValidationError", "The value contains control characters or is not valid UTF-8; remove them.").In(field)
}

// clip shortens what is quoted back to the one who typed it.
func clip(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
