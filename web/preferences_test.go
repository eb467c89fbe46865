package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestChoicesAreKeptAndThePersonGoesBack(t *testing.T) {
	s, _ := newConsole(t)
	for _, tt := range []struct{ path, form, cookie string }{
		{"/preferences/language", "lang=ja", "elbow_lang=ja"},
		{"/preferences/theme", "mode=dark", "elbow_mode=dark"},
		{"/preferences/theme", "mode=system", "elbow_mode=system"},
		{"/preferences/table", "table=instances&page_size=50", "elbow_table_instances="},
	} {
		w := ask(s, "POST", tt.path, tt.form+"&back="+url.QueryEscape("/ec2/instances?q=a&page=2"))
		if w.Code != 303 || w.Header().Get("Location") != "/ec2/instances?q=a&page=2" {
			t.Errorf("%s %s: %d to %q", tt.path, tt.form, w.Code, w.Header().Get("Location"))
		}
		if set := w.Header().Get("Set-Cookie"); !strings.HasPrefix(set, tt.cookie) || strings.Contains(set, "Domain") {
			t.Errorf("%s %s: cookie %q", tt.path, tt.form, set)
		}
	}
}

func TestAnImpossibleChoiceIsRefused(t *testing.T) {
	s, _ := newConsole(t)
	for _, tt := range []struct{ path, form string }{
		{"/preferences/language", "lang=xx"},
		{"/preferences/language", ""},
		{"/preferences/theme", "mode=%0d%0aSet-Cookie:x"},
		{"/preferences/table", "table="},
		{"/preferences/table", "table=" + url.QueryEscape("a; Path=/x")},
		{"/preferences/table", "table=" + strings.Repeat("a", 33)},
	} {
		w := ask(s, "POST", tt.path, tt.form)
		if w.Code != 422 || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s %q: %d, cookie %q", tt.path, tt.form, w.Code, w.Header().Get("Set-Cookie"))
		}
	}
}

func TestBackNeverLeavesTheConsole(t *testing.T) {
	s, _ := newConsole(t)
	for _, back := range []string{
		"http://evil.test/", "https://evil.test", "//evil.test/", "///evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test",
		"\n//evil.test", "javascript:alert(1)", "evil.test", "", "ec2/", "/%zz", "/.//evil.test\r\nX: y", "//", "/" + strings.Repeat("a", maxField),
	} {
		w := ask(s, "POST", "/preferences/theme", "mode=dark&back="+url.QueryEscape(back))
		if got := w.Header().Get("Location"); w.Code != 303 || got != home {
			t.Errorf("back=%q leads to %q (%d)", back, got, w.Code)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/ec2/", "//x", "/\\x", "/a?b=//c", "/%2f/x", "http:/x", "/..//x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		to := localPath(text, home)
		base, _ := url.Parse("http://localhost:8080/ec2/")
		u, err := base.Parse(to)
		if err != nil || u.Host != "localhost:8080" || u.Scheme != "http" || strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
			t.Errorf("%q leads to %q (%v)", text, to, err)
		}
	})
}
