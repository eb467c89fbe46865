package compute

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestAGeneratedKeyPairFitsTogether(t *testing.T) {
	for typ, shape := range map[string]int{KeyRSA: 20*3 - 1, KeyED25519: 44} {
		pair, file, err := GenerateKeyPair(typ, FormatPEM)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.ParsePrivateKey(file)
		if err != nil {
			t.Fatalf("%s: the private key cannot be read: %v", typ, err)
		}
		if got := authorized(signer.PublicKey()); got != pair.PublicKey {
			t.Errorf("%s: public key %q belongs to another private key", typ, pair.PublicKey)
		}
		if len(pair.Fingerprint) != shape || pair.Type != typ {
			t.Errorf("%s: fingerprint %q", typ, pair.Fingerprint)
		}
	}
	for _, bad := range [][2]string{{"dsa", "pem"}, {"", "pem"}, {"rsa", "jks"}} {
		if _, _, err := GenerateKeyPair(bad[0], bad[1]); faultCode(err) != "InvalidParameterValue" {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestAnRSAKeyMadeHereHasTheFingerprintThatOpenSSLFinds(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("NOT TESTED: openssl is not installed")
	}
	pair, file, err := GenerateKeyPair(KeyRSA, FormatPEM)
	if err != nil {
		t.Fatal(err)
	}
	// The two commands that AWS's guide gives for a key that it made and one that was imported.
	der := piped(t, file, openssl, "pkcs8", "-topk8", "-nocrypt", "-inform", "PEM", "-outform", "DER")
	if sum := piped(t, der, openssl, "sha1", "-c"); !bytes.Contains(sum, []byte(pair.Fingerprint)) {
		t.Errorf("made: %s, openssl says %s", pair.Fingerprint, sum)
	}
	imported, err := ImportKeyPair(pair.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	der = piped(t, file, openssl, "rsa", "-pubout", "-outform", "DER")
	if sum := piped(t, der, openssl, "md5", "-c"); !bytes.Contains(sum, []byte(imported.Fingerprint)) {
		t.Errorf("imported: %s, openssl says %s", imported.Fingerprint, sum)
	}
}

func piped(t *testing.T, in []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return out
}

func TestPuTTYReadsThePPKFiles(t *testing.T) {
	puttygen, err := exec.LookPath("puttygen")
	if err != nil {
		t.Skip("NOT TESTED: puttygen (package putty-tools) is not installed")
	}
	t.Setenv("HOME", t.TempDir()) // it leaves a directory there
	for _, typ := range []string{KeyRSA, KeyED25519} {
		pair, file, err := GenerateKeyPair(typ, FormatPPK)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "key.ppk")
		if err := os.WriteFile(name, file, 0o600); err != nil {
			t.Fatal(err)
		}
		public := piped(t, nil, puttygen, name, "-O", "public-openssh")
		if !strings.HasPrefix(string(public), pair.PublicKey+" ") {
			t.Errorf("%s: PuTTY reads %q, want %q", typ, public, pair.PublicKey)
		}
		private := piped(t, nil, puttygen, name, "-O", "private-openssh", "-o", "/dev/stdout")
		signer, err := ssh.ParsePrivateKey(private)
		if err != nil || authorized(signer.PublicKey()) != pair.PublicKey {
			t.Errorf("%s: the private half is another key, or none: %v", typ, err)
		}
	}
}

func TestImportReadsEveryFormThatAWSReads(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	want := authorized(public)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	blob := base64.StdEncoding.EncodeToString(public.Marshal())
	for form, text := range map[string]string{
		"authorized_keys":              want,
		"authorized_keys with comment": "  " + want + " me@example.com\n",
		"RFC 4716":                     "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"a \\\nlong one\"\n" + blob[:70] + "\n" + blob[70:] + "\n---- END SSH2 PUBLIC KEY ----",
		"PEM":                          string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"PKCS #1":                      string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)})),
		"DER in base64":                base64.StdEncoding.EncodeToString(der),
	} {
		pair, err := ImportKeyPair(text)
		if err != nil || pair.PublicKey != want || pair.Type != KeyRSA || len(pair.Fingerprint) != 16*3-1 {
			t.Errorf("%s: %+v %v", form, pair, err)
		}
	}
}

func TestImportRefusesWhatIsNoUsablePublicKey(t *testing.T) {
	odd, err := rsa.GenerateKey(rand.Reader, 1536)
	if err != nil {
		t.Fatal(err)
	}
	oddPublic, err := ssh.NewPublicKey(&odd.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curvePublic, err := ssh.NewPublicKey(&curve.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	_, private, err := GenerateKeyPair(KeyED25519, FormatPEM)
	if err != nil {
		t.Fatal(err)
	}
	for text, code := range map[string]string{
		"":                         "MissingParameter",
		"hello":                    "InvalidKey.Format",
		"ssh-rsa AAAA":             "InvalidKey.Format",
		authorized(oddPublic):      "InvalidKey.Format",
		authorized(curvePublic):    "InvalidKey.Format",
		string(private):            "InvalidKey.Format",
		strings.Repeat("A", 1<<16): "InvalidKey.Format",
		`command="rm -rf /" ` + authorized(oddPublic):            "InvalidKey.Format",
		authorized(curvePublic) + "\n" + authorized(curvePublic): "InvalidKey.Format",
	} {
		if _, err := ImportKeyPair(text); faultCode(err) != code {
			t.Errorf("%.40q: %v, want %s", text, err, code)
		}
	}
}

func TestKeyNamesFollowAWSRules(t *testing.T) {
	for name, ok := range map[string]bool{
		"my key": true, strings.Repeat("k", 255): true, "a/b": true,
		"": false, strings.Repeat("k", 256): false, " key": false, "key ": false, "鍵": false, "a\x00b": false, "a\nb": false,
	} {
		if err := ValidKeyName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func FuzzImportKeyPair(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE me")
	f.Add("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----")
	f.Add("-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		pair, err := ImportKeyPair(text)
		if err != nil {
			return
		}
		again, err := ImportKeyPair(pair.PublicKey)
		if err != nil || again.PublicKey != pair.PublicKey || strings.ContainsAny(pair.PublicKey, "\r\n") {
			t.Fatalf("%q was accepted as %q, which is not: %v", text, pair.PublicKey, err)
		}
	})
}
