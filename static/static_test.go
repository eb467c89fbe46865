package static

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func get(t *testing.T, method, target string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Result()
}

func TestAnAssetIsServedUnderItsHashForEver(t *testing.T) {
	for name, kind := range map[string]string{
		"css/console.css":                   "text/css; charset=utf-8",
		"js/console.js":                     "text/javascript; charset=utf-8",
		"img/mark.svg":                      "image/svg+xml",
		"vendor/htmx/htmx.min.js":           "text/javascript; charset=utf-8",
		"vendor/cloudscape-icons/icons.svg": "image/svg+xml",
	} {
		res := get(t, "GET", Path(name))
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
		for header, want := range map[string]string{
			"Content-Type":           kind,
			"Cache-Control":          "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff",
		} {
			if got := res.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
	}
}

func TestWhatIsNotAnAssetIsNotFound(t *testing.T) {
	right := Path("css/console.css")
	for _, target := range []string{
		"/assets/", "/assets/00000000/css/console.css", "/assets/css/console.css",
		strings.TrimSuffix(right, "console.css"), strings.Replace(right, "css/", "css//", 1),
		Prefix + strings.Split(right, "/")[2] + "/../static.go", right + "/",
	} {
		if res := get(t, "GET", target); res.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", target, res.StatusCode)
		}
	}
}

func TestAnAssetIsOnlyRead(t *testing.T) {
	if res := get(t, "POST", Path("js/console.js")); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", res.StatusCode)
	}
	res := get(t, "HEAD", Path("js/console.js"))
	if res.StatusCode != http.StatusOK || res.ContentLength <= 0 {
		t.Errorf("HEAD: status %d, length %d", res.StatusCode, res.ContentLength)
	}
}

// vendored is one entry of vendor/manifest.json.
type vendored struct {
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	Licence      string            `json:"licence"`
	LicenceFile  string            `json:"licence_file"`
	NPMIntegrity string            `json:"npm_integrity"`
	Files        map[string]string `json:"files"`
}

func TestVendoredFilesAreWhatTheManifestSays(t *testing.T) {
	raw, err := os.ReadFile("vendor/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vendored
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{"vendor/manifest.json": true, "vendor/sprite.mjs": true}
	for _, v := range list {
		if v.Name == "" || v.Version == "" || v.Licence == "" || !strings.HasPrefix(v.NPMIntegrity, "sha512-") {
			t.Errorf("the entry of %q is incomplete", v.Name)
		}
		if _, err := os.Stat(filepath.Join("vendor", v.LicenceFile)); err != nil {
			t.Errorf("%s has no licence beside it: %v", v.Name, err)
		}
		listed["vendor/"+v.LicenceFile] = true
		for name, want := range v.Files {
			listed["vendor/"+name] = true
			body, err := os.ReadFile(filepath.Join("vendor", name))
			if err != nil {
				t.Error(err)
			}
			if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != want {
				t.Errorf("%s: sha256 %x, the manifest says %s", name, sum, want)
			}
		}
	}
	everyFileIsListed(t, listed)
}

func everyFileIsListed(t *testing.T, listed map[string]bool) {
	t.Helper()
	err := filepath.WalkDir("vendor", func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !listed[filepath.ToSlash(name)] {
			t.Errorf("%s is in no manifest", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStyleSheetsAskForNothingTheyDoNotCarry(t *testing.T) {
	// The policy of every page is style-src 'self' and font-src 'self': an @import or a
	// url() to another host would be blocked, and an unknown token would paint nothing.
	tokens, err := files.ReadFile("css/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []string{"css/console.css", "css/forms.css", "css/table.css", "css/layout.css", "css/overlay.css"} {
		body, err := files.ReadFile(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, refused := range []string{"@import", "http://", "https://", "url("} {
			if strings.Contains(string(body), refused) {
				t.Errorf("%s contains %s", a, refused)
			}
		}
		for _, part := range strings.Split(string(body), "var(--")[1:] {
			name := part[:strings.IndexAny(part, "),")]
			if !strings.Contains(string(tokens), "--"+name+":") && !strings.Contains(string(body), "--"+name+":") {
				t.Errorf("%s uses --%s, which tokens.css does not define", a, name)
			}
		}
	}
}
