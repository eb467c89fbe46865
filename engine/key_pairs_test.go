package engine

import (
	"bytes"
	"strings"
	"testing"

	"elbow/engine/compute"
)

func TestAKeyPairGivesItsPrivateHalfOnce(t *testing.T) {
	c := newCloud(t)
	made, err := c.CreateKeyPair(t.Context(), CreateKeyPairInput{Name: "web key", Type: KeyED25519, Tags: map[string]string{"team": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	if made.FileName != "web key.pem" || !bytes.Contains(made.PrivateKey, []byte("PRIVATE KEY")) {
		t.Errorf("made %q with %q", made.FileName, made.PrivateKey)
	}
	keys, err := c.DescribeKeyPairs(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	k := keys[0]
	if k.ID != made.ID || k.Name != "web key" || k.Type != KeyED25519 || k.Fingerprint == "" || !strings.HasPrefix(k.PublicKey, "ssh-ed25519 ") || k.Tags["team"] != "a" || k.CreatedAt.IsZero() {
		t.Errorf("kept %+v", k)
	}
	line := c.lastLine()
	if strings.Contains(line.Detail+line.Message, "PRIVATE") || line.Resource != "web key" {
		t.Errorf("the history says %+v", line)
	}
}

func TestAnImportedKeyPairIsTheSameKey(t *testing.T) {
	c := newCloud(t)
	made, err := c.CreateKeyPair(t.Context(), CreateKeyPairInput{Name: "made", Type: KeyED25519})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.ImportKeyPair(t.Context(), ImportKeyPairInput{Name: "imported", PublicKey: made.PublicKey + " someone@example"})
	if err != nil {
		t.Fatal(err)
	}
	same := strings.Fields(got.PublicKey)[1] == strings.Fields(made.PublicKey)[1]
	if got.Name != "imported" || got.Type != KeyED25519 || got.ID == made.ID || !same {
		t.Errorf("imported %+v of %+v", got, made.KeyPair)
	}
}

func TestKeyPairsRefuse(t *testing.T) {
	c := newCloud(t)
	if _, err := c.CreateKeyPair(t.Context(), CreateKeyPairInput{Name: "taken", Type: KeyED25519}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		in   CreateKeyPairInput
		code string
	}{
		{"a name in use", CreateKeyPairInput{Name: "taken", Type: KeyED25519}, "InvalidKeyPair.Duplicate"},
		{"an empty name", CreateKeyPairInput{Type: KeyED25519}, "MissingParameter"},
		{"spaces around", CreateKeyPairInput{Name: " key ", Type: KeyED25519}, "InvalidParameterValue"},
		{"control characters", CreateKeyPairInput{Name: "k\x00y", Type: KeyED25519}, "InvalidParameterValue"},
		{"an over-long name", CreateKeyPairInput{Name: strings.Repeat("k", 256), Type: KeyED25519}, "InvalidParameterValue"},
		{"a name that is not ASCII", CreateKeyPairInput{Name: "鍵", Type: KeyED25519}, "InvalidParameterValue"},
		{"an unknown type", CreateKeyPairInput{Name: "key", Type: "dsa"}, "InvalidParameterValue"},
		{"an unknown format", CreateKeyPairInput{Name: "key", Type: KeyED25519, Format: "der"}, "InvalidParameterValue"},
		{"a reserved tag", CreateKeyPairInput{Name: "key", Type: KeyED25519, Tags: map[string]string{"aws:x": ""}}, "InvalidParameterValue"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.refuses(tt.code, func() error {
				made, err := c.CreateKeyPair(t.Context(), tt.in)
				if made.PrivateKey != nil {
					t.Error("a refused key pair gives a private key")
				}
				return err
			})
		})
	}
	c.refuses("InvalidKey.Format", func() error {
		_, err := c.ImportKeyPair(t.Context(), ImportKeyPairInput{Name: "key", PublicKey: "<script>"})
		return err
	})
}

func TestDeletingAKeyPairIsIdempotentAndStaysAtHome(t *testing.T) {
	c := newCloud(t)
	c.in(elsewhere(), func(tx Tx) error { return tx.PutKeyPair(compute.KeyPair{Name: "shared"}) })
	for range 2 {
		if err := c.DeleteKeyPair(t.Context(), "shared"); err != nil {
			t.Fatal(err)
		}
	}
	c.in(elsewhere(), func(tx Tx) error {
		if _, ok, err := tx.FindKeyPair("shared"); !ok || err != nil {
			t.Error("another account's key pair is gone", err)
		}
		return nil
	})
	c.refuses("MissingParameter", func() error { return c.DeleteKeyPair(t.Context(), "") })
}

func TestAKeyFilesNameIsSafe(t *testing.T) {
	for name, want := range map[string]string{
		"web":              "web.pem",
		"../../etc/passwd": "_.._etc_passwd.pem",
		`a"b;c%2F`:         "a_b_c_2F.pem",
		".bashrc":          "bashrc.pem",
		"a\r\nb":           "a__b.pem",
	} {
		if got := keyFileName(name, FormatPEM); got != want {
			t.Errorf("%q is saved as %q, want %q", name, got, want)
		}
	}
}
