package ui

import (
	"bytes"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"elbow/engine/fault"
	"elbow/views/i18n"
)

func html(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRowsAreEditedWithoutAScript(t *testing.T) {
	for name, c := range map[string]struct {
		form   string
		edited bool
		want   string // the keys afterwards
	}{
		"nothing asked":          {"tag_key=a&tag_value=1", false, "a"},
		"add":                    {"tag_key=a&tag_value=1&add=tags", true, "a,"},
		"add to none":            {"add=tags", true, ""},
		"add to another list":    {"tag_key=a&tag_value=1&add=rules", false, "a"},
		"remove the first":       {"tag_key=a&tag_key=b&tag_value=1&tag_value=2&remove=tags:0", true, "b"},
		"remove the last":        {"tag_key=a&tag_key=b&tag_value=1&tag_value=2&remove=tags:1", true, "a"},
		"remove what is not":     {"tag_key=a&tag_value=1&remove=tags:7", true, "a"},
		"remove a negative row":  {"tag_key=a&tag_value=1&remove=tags:-1", true, "a"},
		"remove no number":       {"tag_key=a&tag_value=1&remove=tags:x", true, "a"},
		"remove an uneven list":  {"tag_key=a&tag_key=b&tag_value=1&remove=tags:1", true, "a"},
		"remove of another list": {"tag_key=a&tag_value=1&remove=rules:0", false, "a"},
	} {
		form, _ := url.ParseQuery(c.form)
		if edited := EditRows(form, "tags", "tag_key", "tag_value"); edited != c.edited {
			t.Errorf("%s: edited %v, want %v", name, edited, c.edited)
		}
		if got := strings.Join(form["tag_key"], ","); got != c.want {
			t.Errorf("%s: keys %q, want %q", name, got, c.want)
		}
	}
}

func TestTagsAreReadFromTheirRows(t *testing.T) {
	form, _ := url.ParseQuery("tag_key=Name&tag_value=web&tag_key=&tag_value=&tag_key=+env+&tag_value=+&tag_key=&tag_value=lost")
	want := []Tag{{"Name", "web"}, {"env", ""}, {"", "lost"}} // the last one is for the engine to refuse
	if got := TagRows(form); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := TagRows(url.Values{"tag_key": {"a", "b"}, "tag_value": {"1"}}); !reflect.DeepEqual(got, []Tag{{"a", "1"}, {"b", ""}}) {
		t.Errorf("uneven lists: %v", got)
	}
}

func TestPreferencesSurviveACookie(t *testing.T) {
	form, _ := url.ParseQuery("table=instances&page_size=20&all_columns=name&all_columns=zone&all_columns=b%3Bd&columns=name&wrap=on&compact=on")
	table, p := ParsePreferences(form)
	want := TablePreferences{PageSize: 20, Hidden: []string{"zone"}, Chosen: true, Wrap: true, Compact: true}
	if table != "instances" || !reflect.DeepEqual(p, want) {
		t.Errorf("%s %+v, want %+v", table, p, want)
	}
	if got := PreferencesFromString(p.String()); !reflect.DeepEqual(got, want) {
		t.Errorf("through %q: %+v, want %+v", p.String(), got, want)
	}
	if table, _ := ParsePreferences(url.Values{"table": {"a;b"}}); table != "" {
		t.Errorf("a table called %q was taken", table)
	}
}

func FuzzPreferencesFromString(f *testing.F) {
	f.Add("50:ws:name:zone")
	f.Add("")
	f.Add("9223372036854775808:::::")
	f.Fuzz(func(t *testing.T, s string) {
		p := PreferencesFromString(s)
		if again := PreferencesFromString(p.String()); !reflect.DeepEqual(again, PreferencesFromString(again.String())) {
			t.Errorf("%q does not settle: %+v", s, p)
		}
		if strings.ContainsAny(p.String(), "\"; ,\\\r\n\x00") {
			t.Errorf("%q gives a cookie that no browser takes: %q", s, p.String())
		}
	})
}

func TestWhatIsTypedIsNeverMarkup(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	f := Field{Name: "n", Label: evil, Error: evil, Description: evil}
	for name, c := range map[string]templ.Component{
		"text": Text(evil), "input": Input(f, InputProps{Value: evil, Placeholder: evil}), "field": FormField(f), "copy": Copyable(evil),
		"textarea": Textarea(f, TextareaProps{Value: "</textarea>" + evil}), "select": Select(f, evil, []Option{{Value: evil, Text: evil, Group: evil}}),
		"flash": Flashbar([]Flash{{Title: evil, Text: evil, ID: evil, Href: "javascript:alert(1)", LinkText: evil}}), "link": Link("javascript:alert(1)", evil),
		"modal": Modal(ModalProps{ID: evil, Title: evil, Hidden: []Hidden{{evil, evil}}, Action: "/x"}), "tags": TagsEditor([]Tag{{evil, evil}}, evil),
	} {
		out := html(t, c)
		if strings.Contains(out, "<script") || strings.Contains(out, "</textarea><") && name == "textarea" && strings.Count(out, "</textarea>") > 1 {
			t.Errorf("%s: markup got through: %s", name, out)
		}
	}
}

func TestATextareaKeepsItsFirstEmptyLine(t *testing.T) {
	// HTML drops one line break after the tag, so one is always added.
	if out := html(t, Textarea(Field{Name: "x"}, TextareaProps{Value: "\nsecond"})); !strings.Contains(out, ">\n\nsecond</textarea>") {
		t.Error(out)
	}
}

func TestAFieldIsTiedToItsTexts(t *testing.T) {
	out := html(t, Input(Field{Name: "port", Description: "d", Constraint: "c", Error: "e"}, InputProps{}))
	for _, want := range []string{`id="f-port"`, `aria-describedby="f-port-description f-port-error f-port-constraint"`, `aria-invalid="true"`, "autofocus"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in %s", want, out)
		}
	}
	if out := html(t, Input(Field{Name: "port"}, InputProps{})); strings.Contains(out, "aria-") || strings.Contains(out, "autofocus") {
		t.Errorf("a field without texts: %s", out)
	}
}

func TestAFaultStandsAtItsFieldOrOnTop(t *testing.T) {
	f := fault.New(fault.Invalid, "InvalidParameterValue", "Bad port %d.", 0).In("port")
	if FaultAt(t.Context(), f, "port") != "Bad port 0." || FaultAt(t.Context(), f, "name") != "" || FaultAt(t.Context(), nil, "port") != "" {
		t.Error("the fault is not at its field alone")
	}
	for _, c := range []struct {
		f      *fault.Error
		fields []string
		want   bool
	}{{nil, nil, false}, {f, nil, true}, {f, []string{"port"}, false}, {f, []string{"name"}, true}, {f.In(""), []string{"port"}, true}} {
		if got := strings.Contains(html(t, FormFault(c.f, c.fields)), "Bad port"); got != c.want {
			t.Errorf("%v among %v: shown %v, want %v", c.f, c.fields, got, c.want)
		}
	}
}

func TestAButtonGoesWhereItSays(t *testing.T) {
	ctx := WithPage(t.Context(), Page{Path: "/ec2/instances", Query: url.Values{"q": {"a b"}, "dialog": {"old"}}})
	for name, c := range map[string]struct {
		b    ButtonProps
		want []string
	}{
		"link":     {ButtonProps{Text: "x", Href: "/y"}, []string{`<a`, `href="/y"`}},
		"submit":   {ButtonProps{Text: "x", Submit: true}, []string{`<button`, `type="submit"`}},
		"plain":    {ButtonProps{Text: "x"}, []string{`type="button"`}},
		"post":     {ButtonProps{Text: "x", Post: "/stop", Form: "f", Needs: Needs{Min: 1, Max: 2, Action: "stop"}}, []string{`formmethod="post"`, `formaction="/stop"`, `form="f"`, `data-min-sel="1"`, `data-max-sel="2"`, `data-action="stop"`}},
		"dialog":   {ButtonProps{Text: "x", Dialog: "new"}, []string{`href="/ec2/instances?dialog=new&amp;q=a+b"`, "data-dialog"}},
		"chosen":   {ButtonProps{Text: "x", Dialog: "new", Form: "f"}, []string{`name="dialog"`, `value="new"`, `formmethod="get"`, `formaction="/ec2/instances"`}},
		"disabled": {ButtonProps{Text: "x", Href: "/y", Disabled: true, Reason: "why"}, []string{`<button`, `type="button"`, `aria-disabled="true"`, `title="why"`}},
	} {
		var b bytes.Buffer
		if err := Button(c.b).Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %s in %s", name, want, b.String())
			}
		}
	}
	if got := Here(ctx); got != "/ec2/instances?q=a+b" {
		t.Errorf("here is %s", got)
	}
	if got := Here(At(ctx, "/x", nil)); got != "/x" {
		t.Errorf("another page is %s", got)
	}
}

func TestJapaneseReachesThePrimitives(t *testing.T) {
	var b bytes.Buffer
	if err := TagsEditor(nil, "").Render(i18n.With(t.Context(), i18n.New("ja")), &b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "新しいタグを追加") {
		t.Error(b.String())
	}
}
