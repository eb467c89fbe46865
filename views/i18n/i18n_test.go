package i18n

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"elbow/engine/fault"
)

func in(lang string) context.Context { return With(context.Background(), New(lang)) }

func TestTheLanguageIsChosenByThePersonThenByTheBrowser(t *testing.T) {
	for _, c := range []struct{ cookie, header, want string }{
		{"", "", English},
		{"", "ja", Japanese},
		{"", "ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", Japanese},
		{"", "en-GB,en;q=0.9,ja;q=0.8", English},
		{"", "de, ja;q=0.5", Japanese},
		{"", "de", English},
		{"", "ja;q=0", English},
		{"", "*", English},
		{"", ";;;,,\x00", English},
		{"", strings.Repeat("ja,", 2000), English}, // longer than any browser sends
		{"en", "ja", English},
		{"ja", "en", Japanese},
		{"xx", "ja", Japanese},
		{"<script>", "", English},
	} {
		if got := Match(c.cookie, c.header); got != c.want {
			t.Errorf("cookie %q, Accept-Language %.40q: %s, want %s", c.cookie, c.header, got, c.want)
		}
	}
}

func TestATextIsFilledInAndCounted(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{T(in(English), "common.cancel"), "Cancel"},
		{T(in(Japanese), "common.cancel"), "キャンセル"},
		{T(context.Background(), "common.cancel"), "Cancel"},
		{T(in("xx"), "common.cancel"), "Cancel"},
		{T(in(English), "ui.select_row", V{"Name": "web <1>"}), "Select web <1>"},
		{N(in(English), "ui.matches", 1), "1 match"},
		{N(in(English), "ui.matches", 0), "0 matches"},
		{N(in(Japanese), "ui.matches", 1), "1 件の一致"},
		{T(in(Japanese), "no.such_key"), "no.such_key"},
		{Seconds(in(English), 30*time.Second), "30 seconds"},
		{Seconds(in(English), time.Second), "1 second"},
		{Seconds(in(Japanese), time.Second), "1 秒"},
		{Lang(in(Japanese)), "ja"},
		{Region(in(Japanese), "ap-northeast-1"), "アジアパシフィック (東京)"},
		{Region(in(English), "nowhere-1"), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestAFaultIsTranslatedByItsFormat(t *testing.T) {
	c, err := load(fstest.MapFS{
		"x.en.json":           {Data: []byte(`{"a.b": "x"}`)},
		"x.ja.json":           {Data: []byte(`{"a.b": "y"}`)},
		"x.faults.ja.json":    {Data: []byte(`{"%q is not one of %d.": "%[2]d 個の中に %[1]q はありません。"}`)},
		"x.sentences.ja.json": {Data: []byte(`{"Instance is in stopped state.": "停止しています。"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := fault.New(fault.Invalid, "X", "%q is not one of %d.", "a", 3)
	ja, en := With(t.Context(), c[Japanese]), With(t.Context(), c[English])
	for _, x := range []struct{ got, want string }{
		{Fault(ja, f), `3 個の中に "a" はありません。`},
		{Fault(en, f), `"a" is not one of 3.`},
		{Fault(ja, fault.New(fault.Invalid, "X", "Unknown %s.", "z")), "Unknown z."},
		{Say(ja, "Instance is in stopped state."), "停止しています。"},
		{Say(en, "Instance is in stopped state."), "Instance is in stopped state."},
		{Say(ja, "Other"), "Other"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
}

func TestABrokenCatalogIsReported(t *testing.T) {
	for name, text := range map[string]string{"x.en.json": `{"a": `, "x.faults.ja.json": `[]`, "x.sentences.ja.json": `{"a": 1}`} {
		if _, err := load(fstest.MapFS{name: {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s with %s: %v, want an error that names the file", name, text, err)
		}
	}
}

func TestATimeCarriesItsOffset(t *testing.T) {
	for seconds, want := range map[int]string{0: "GMT", 9 * 3600: "GMT+9", 5*3600 + 1800: "GMT+5:30", -3*3600 - 1800: "GMT-3:30", -8 * 3600: "GMT-8"} {
		if got := zone(time.Date(2026, 11, 23, 19, 15, 30, 0, time.FixedZone("x", seconds))); got != want {
			t.Errorf("an offset of %d s: %s, want %s", seconds, got, want)
		}
	}
	at := time.Date(2026, 11, 23, 19, 15, 30, 0, time.Local)
	if got, want := Time(in(English), at.UTC()), "2026/11/23 19:15 "+zone(at); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Clock(in(Japanese), at), "2026/11/23 19:15:30 "+zone(at); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
