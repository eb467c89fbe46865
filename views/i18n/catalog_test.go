package i18n

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root of the repository, from here.
const root = "../.."

// text is one entry of a catalog: its plural forms, "other" alone for a plain text.
type text map[string]string

// catalogOf reads all files of one language. A key that stands twice fails the test.
func catalogOf(t *testing.T, lang string) map[string]text {
	t.Helper()
	all := map[string]text{}
	names, err := filepath.Glob("*." + lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "faults.ja.json") || strings.HasSuffix(name, "sentences.ja.json") {
			continue
		}
		for key, raw := range readJSON[json.RawMessage](t, name) {
			if _, twice := all[key]; twice {
				t.Errorf("%s: the key %s stands in another file too", name, key)
			}
			all[key] = parseText(t, name, key, raw)
		}
	}
	return all
}

func parseText(t *testing.T, name, key string, raw json.RawMessage) text {
	t.Helper()
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		return text{"other": plain}
	}
	var forms text
	if err := json.Unmarshal(raw, &forms); err != nil {
		t.Errorf("%s: %s is neither a text nor plural forms: %v", name, key, err)
	}
	return forms
}

func readJSON[T any](t *testing.T, name string) map[string]T {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var pairs map[string]T
	if err := json.Unmarshal(raw, &pairs); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return pairs
}

var value = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// values are the names that a text wants filled in.
func (x text) values() []string {
	var names []string
	for _, form := range x {
		for _, m := range value.FindAllStringSubmatch(form, -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	en, ja := catalogOf(t, "en"), catalogOf(t, "ja")
	for _, key := range slices.Sorted(maps.Keys(en)) {
		other, ok := ja[key]
		switch {
		case !ok:
			t.Errorf("%s has no Japanese text", key)
		case !slices.Equal(en[key].values(), other.values()):
			t.Errorf("%s: English fills in %v, Japanese %v", key, en[key].values(), other.values())
		case strings.TrimSpace(other["other"]) == "" || strings.TrimSpace(en[key]["other"]) == "":
			t.Errorf("%s is empty", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(ja)) {
		if _, ok := en[key]; !ok {
			t.Errorf("%s has no English text", key)
		}
	}
}

// sources are the hand-written files under the folders, by path, tests left out.
func sources(t *testing.T, suffixes []string, folders ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_templ.go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			if slices.Contains(suffixes, filepath.Ext(path)) {
				raw, err := os.ReadFile(path)
				found[path] = string(raw)
				return err
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return found
}

// asked finds the ids in calls of T and N; \s* because an argument may stand on the next line.
var asked = regexp.MustCompile(`\bi18n\.[TN]\(\s*ctx,\s*"([^"]+)"`)

func TestEveryTextThatIsAskedForExists(t *testing.T) {
	en := catalogOf(t, "en")
	for path, source := range sources(t, []string{".go", ".templ"}, "views", "web") {
		for _, m := range asked.FindAllStringSubmatch(source, -1) {
			if _, ok := en[m[1]]; !ok {
				t.Errorf("%s asks for the text %s, which no catalog has", path, m[1])
			}
		}
	}
}

func TestEveryTextIsUsed(t *testing.T) {
	var all strings.Builder
	for _, source := range sources(t, []string{".go", ".templ"}, "views", "web") {
		all.WriteString(source)
	}
	for _, key := range slices.Sorted(maps.Keys(catalogOf(t, "en"))) {
		if !strings.Contains(all.String(), strconv.Quote(key)) {
			t.Errorf("nothing uses the text %s", key)
		}
	}
}

// pairsOf merges all files whose name ends so.
func pairsOf(t *testing.T, suffix string) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*" + suffix)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		maps.Copy(all, readJSON[string](t, name))
	}
	return all
}

// formats finds the English format of every fault.New below the folders, with where it
// stands. One that is no literal could not be translated and fails the test.
func formats(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for path, source := range sources(t, []string{".go"}, "engine", "store", "web") {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isFaultNew(call) {
				return true
			}
			format, ok := constant(call.Args[2])
			if !ok {
				t.Errorf("%s: the format of fault.New must be a literal", set.Position(call.Pos()))
			}
			found[format] = fmt.Sprint(set.Position(call.Pos()))
			return true
		})
	}
	return found
}

func isFaultNew(call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "New" || len(call.Args) < 3 {
		return false
	}
	pkg, ok := selector.X.(*ast.Ident)
	return ok && pkg.Name == "fault"
}

// constant is the value of a string literal, or of several joined by +.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		left, ok := constant(e.X)
		right, ok2 := constant(e.Y)
		return left + right, ok && ok2 && e.Op == token.ADD
	case *ast.ParenExpr:
		return constant(e.X)
	}
	return "", false
}

func TestEveryFaultIsTranslated(t *testing.T) {
	ja := pairsOf(t, "faults.ja.json")
	english := formats(t)
	for _, format := range slices.Sorted(maps.Keys(english)) {
		translation, ok := ja[format]
		if !ok {
			t.Errorf("%s: no Japanese for the fault %q", english[format], format)
			continue
		}
		if want, got := operands(format), operands(translation); !slices.Equal(want, got) {
			t.Errorf("the fault %q uses its arguments %v, its Japanese %v", format, want, got)
		}
	}
	for _, format := range slices.Sorted(maps.Keys(ja)) {
		if _, ok := english[format]; !ok {
			t.Errorf("no fault has the format %q any more", format)
		}
	}
}

var verb = regexp.MustCompile(`%[-+# 0]*(?:\d+)?(?:\.\d+)?(?:\[(\d+)\])?([a-zA-Z%])`)

// operands are the arguments, counted from 1, that a fmt format uses.
func operands(format string) []int {
	var list []int
	next := 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		list = append(list, next)
		next++
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestOperandsOfAFormat(t *testing.T) {
	for format, want := range map[string][]int{
		"none":                 nil,
		"100 %% of %d":         {1},
		"%q and %d":            {1, 2},
		"%[2]d, %[1]q":         {1, 2},
		"%[1]q %[1]s":          {1},
		"%5.2f%% %-3s, %+v %x": {1, 2, 3, 4},
	} {
		if got := operands(format); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", format, got, want)
		}
	}
}

func TestJapaneseTextsAreNotEnglish(t *testing.T) {
	// A text that is the same in both languages is either a proper name or was forgotten.
	same := regexp.MustCompile(`^[A-Z0-9a-z .:/()_<>{}%+-]{0,40}$`)
	en, ja := catalogOf(t, "en"), catalogOf(t, "ja")
	for _, key := range slices.Sorted(maps.Keys(en)) {
		if en[key]["other"] == ja[key]["other"] && !same.MatchString(en[key]["other"]) {
			t.Errorf("%s reads the same in both languages: %q", key, en[key]["other"])
		}
	}
}
