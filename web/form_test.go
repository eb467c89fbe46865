package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"elbow/engine/fault"
)

func formOf(query string) *form {
	values, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	return &form{Values: values}
}

func TestAFormIsReadIntoTypedValues(t *testing.T) {
	f := formOf("name=+web+&count=3&on=on&off=off&sel=b&sel=&sel=+a&sel=b&kind=rsa&text=a%0D%0Ab+")
	if got := f.Text("name"); got != "web" {
		t.Errorf("Text %q", got)
	}
	if f.Int("count", 1, 20) != 3 || f.IntOr("missing", 7, 1, 20) != 7 {
		t.Error("numbers")
	}
	if !f.Flag("on") || f.Flag("off") || f.Flag("missing") {
		t.Error("flags")
	}
	if got := f.Many("sel"); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("Many %q", got)
	}
	if f.OneOf("kind", "rsa", "ed25519") != "rsa" || f.Lines("text") != "a\nb " {
		t.Error("choice and lines")
	}
	if err := f.Err(); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeReadNamesItsField(t *testing.T) {
	for because, tt := range map[string]struct {
		query, field string
		read         func(*form)
	}{
		"no number":            {"port=http", "port", func(f *form) { f.Int("port", 1, 65535) }},
		"an empty number":      {"", "port", func(f *form) { f.Int("port", 1, 65535) }},
		"a number below":       {"port=0", "port", func(f *form) { f.Int("port", 1, 65535) }},
		"a number above":       {"port=65536", "port", func(f *form) { f.IntOr("port", 80, 1, 65535) }},
		"a number that wraps":  {"port=18446744073709551617", "port", func(f *form) { f.Int("port", 1, 65535) }},
		"a control character":  {"name=a%00b", "name", func(f *form) { f.Text("name") }},
		"a line feed inside":   {"name=a%0Ab", "name", func(f *form) { f.Text("name") }},
		"broken UTF-8":         {"name=%ff", "name", func(f *form) { f.Text("name") }},
		"too long":             {"name=" + strings.Repeat("x", maxField+1), "name", func(f *form) { f.Text("name") }},
		"NUL in a text":        {"data=%00", "data", func(f *form) { f.Lines("data") }},
		"no such choice":       {"kind=dsa", "kind", func(f *form) { f.OneOf("kind", "rsa") }},
		"an escape in a list":  {"sel=%1b", "sel", func(f *form) { f.Many("sel") }},
		"a key twice":          {"tag_key=a&tag_value=1&tag_key=a&tag_value=2", "tags", func(f *form) { f.Tags() }},
		"a value without key":  {"tag_key=&tag_value=1", "tags", func(f *form) { f.Tags() }},
		"the first of several": {"a=x&b=y", "a", func(f *form) { f.Int("a", 1, 2); f.Int("b", 1, 2) }},
	} {
		f := formOf(tt.query)
		tt.read(f)
		got, ok := fault.Of(f.Err())
		if !ok || got.Kind != fault.Invalid || got.Field != tt.field {
			t.Errorf("%s: %v", because, f.Err())
		}
	}
}

func TestRepeatedRowsKeepTogether(t *testing.T) {
	f := formOf("port=80&peer=a&port=&peer=&port=443&peer=b&port=22")
	rows := f.Rows("port", "peer")
	want := []Row{{"port": "80", "peer": "a"}, {"port": "443", "peer": "b"}, {"port": "22"}}
	if !slices.EqualFunc(rows, want, func(a, b Row) bool { return maps.Equal(a, b) }) {
		t.Errorf("rows %v", rows)
	}
	tags := formOf("tag_key=Name&tag_value=web&tag_key=empty&tag_value=").Tags()
	if !maps.Equal(tags, map[string]string{"Name": "web", "empty": ""}) {
		t.Errorf("tags %v", tags)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("a=1&tag_key=k&tag_value=v")
	f.Add("a=%00&a=%ff&tag_value=x")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		form := &form{Values: values}
		n, text := form.IntOr("a", 5, 1, 9), form.Text("a")
		form.Tags()
		if form.Err() == nil && (n < 1 || n > 9 || len(text) > maxField || strings.ContainsRune(text, 0)) {
			t.Errorf("%q passed as %d, %q", query, n, text)
		}
	})
}
