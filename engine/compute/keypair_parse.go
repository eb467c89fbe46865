package compute

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"

	"elbow/engine/fault"
)

// maxPublicKey is the longest public key text that is looked at, in bytes.
const maxPublicKey = 16 << 10

func parsePublic(text string) (ssh.PublicKey, error) {
	switch {
	case text == "":
		return nil, fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter PublicKeyMaterial. Paste a public key.").In("public_key")
	case strings.Contains(text, "PRIVATE KEY") || strings.HasPrefix(text, "PuTTY-User-Key-File"):
		return nil, fault.New(fault.Invalid, "InvalidKey.Format", "This is a private key. Keep it to yourself, and paste the public key, such as the content of a .pub file.").In("public_key")
	case len(text) > maxPublicKey:
		return nil, badKey()
	}
	key := readPublic(text)
	if key == nil {
		return nil, badKey()
	}
	return key, acceptable(key)
}

func badKey() error {
	return fault.New(fault.Invalid, "InvalidKey.Format", "Key is not in valid OpenSSH public key format. It begins with ssh-rsa or ssh-ed25519.").In("public_key")
}

// acceptable refuses the kinds and sizes of keys that AWS does not take.
func acceptable(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519:
		return nil
	case ssh.KeyAlgoRSA:
		public, ok := key.(ssh.CryptoPublicKey).CryptoPublicKey().(*rsa.PublicKey)
		if !ok {
			return badKey()
		}
		if bits := public.N.BitLen(); bits != 1024 && bits != 2048 && bits != 4096 {
			return fault.New(fault.Invalid, "InvalidKey.Format", "The RSA key has %d bits. Supported lengths: 1024, 2048, and 4096.", bits).In("public_key")
		}
		return nil
	}
	return fault.New(fault.Invalid, "InvalidKey.Format", "Keys of the type %q are not supported. Use RSA or ED25519.", key.Type()).In("public_key")
}

// readPublic tries the forms in turn; nil when none fits.
func readPublic(text string) ssh.PublicKey {
	if strings.HasPrefix(text, "---- BEGIN SSH2 PUBLIC KEY ----") {
		return readRFC4716(text)
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return readDER(block.Bytes)
	}
	if !strings.ContainsAny(text, "\r\n") {
		if key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(text)); err == nil && len(options) == 0 {
			return key
		}
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil
	}
	return readDER(der)
}

// readDER reads an RSA key in the form of PKIX or PKCS #1.
func readDER(der []byte) ssh.PublicKey {
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		if public, err = x509.ParsePKCS1PublicKey(der); err != nil {
			return nil
		}
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil
	}
	out, err := ssh.NewPublicKey(key)
	if err != nil {
		return nil
	}
	return out
}

// readRFC4716 reads the form of RFC 4716, section 3: headers, of which a line that ends
// in a backslash continues, then base64.
func readRFC4716(text string) ssh.PublicKey {
	var body strings.Builder
	inHeader := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "----"):
			continue
		case inHeader || strings.Contains(line, ":"):
			inHeader = strings.HasSuffix(line, `\`)
			continue
		}
		body.WriteString(line)
	}
	blob, err := base64.StdEncoding.DecodeString(body.String())
	if err != nil {
		return nil
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return nil
	}
	return key
}
