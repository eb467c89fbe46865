package compute

import (
	"crypto"
	"crypto/ed25519"
	"crypto/md5" // #nosec G501 -- AWS's fingerprint of an imported RSA key is MD5
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // #nosec G505 -- AWS's fingerprint of an RSA key that it made is SHA-1
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"elbow/engine/fault"
)

// The types of key pairs, and the formats of the private key file.
const (
	KeyRSA     = "rsa"
	KeyED25519 = "ed25519"
	FormatPEM  = "pem"
	FormatPPK  = "ppk"
)

// rsaBits is the size of the RSA keys made here, as at AWS.
const rsaBits = 2048

// ValidKeyName checks the name of a key pair: 1 to 255 printable ASCII characters with no
// space at either end. Source: EC2 API, CreateKeyPair.
func ValidKeyName(name string) error {
	switch {
	case name == "":
		return fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter KeyName. Give the key pair a name.").In("name")
	case len(name) > 255:
		return fault.New(fault.Invalid, "InvalidParameterValue", "The key pair name has %d characters; it may have at most 255.", len(name)).In("name")
	case strings.TrimSpace(name) != name:
		return fault.New(fault.Invalid, "InvalidParameterValue", "The key pair name %q begins or ends with a space. Remove it.", name).In("name")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }):
		return fault.New(fault.Invalid, "InvalidParameterValue", "The key pair name %q may contain ASCII characters only.", name).In("name")
	}
	return nil
}

// GenerateKeyPair makes a key pair of type KeyRSA or KeyED25519. It returns the record's
// type, public key and fingerprint, and the private key as a file of FormatPEM or
// FormatPPK, which is kept nowhere else.
func GenerateKeyPair(typ, format string) (KeyPair, []byte, error) {
	if format != FormatPEM && format != FormatPPK {
		return KeyPair{}, nil, fault.New(fault.Invalid, "InvalidParameterValue", "Value (%s) for parameter KeyFormat is invalid. Valid values: pem, ppk.", clip(format)).In("format")
	}
	private, err := newPrivateKey(typ)
	if err != nil {
		return KeyPair{}, nil, err
	}
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		return KeyPair{}, nil, err
	}
	pair := KeyPair{Type: typ, PublicKey: authorized(public)}
	if pair.Fingerprint, err = madeFingerprint(private, public); err != nil {
		return KeyPair{}, nil, err
	}
	file, err := encodePrivate(private, public, format)
	return pair, file, err
}

func newPrivateKey(typ string) (crypto.Signer, error) {
	switch typ {
	case KeyRSA:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case KeyED25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fault.New(fault.Invalid, "InvalidParameterValue", "Value (%s) for parameter KeyType is invalid. Valid values: rsa, ed25519.", clip(typ)).In("type")
}

// encodePrivate writes the private key as the file that the person downloads: PKCS #1 for
// RSA and OpenSSH's own form for ED25519 in PEM, or PuTTY's.
func encodePrivate(private crypto.Signer, public ssh.PublicKey, format string) ([]byte, error) {
	if format == FormatPPK {
		return encodePPK(private, public)
	}
	if key, ok := private.(*rsa.PrivateKey); ok {
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(block), nil
}

// madeFingerprint is AWS's for a key that it made: SHA-1 of the private key in PKCS #8 for
// RSA, SHA-256 of the public key for ED25519. Source: EC2 User Guide, Verify the fingerprint.
func madeFingerprint(private crypto.Signer, public ssh.PublicKey) (string, error) {
	if _, ok := private.(*rsa.PrivateKey); !ok {
		return shaFingerprint(public), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	sum := sha1.Sum(der) // #nosec G401 -- AWS's choice; nothing is protected by it
	return colons(sum[:]), nil
}

// importedFingerprint is AWS's for a key that was imported: MD5 of the public key in DER
// for RSA, SHA-256 for ED25519.
func importedFingerprint(public ssh.PublicKey) (string, error) {
	if public.Type() != ssh.KeyAlgoRSA {
		return shaFingerprint(public), nil
	}
	der, err := x509.MarshalPKIXPublicKey(public.(ssh.CryptoPublicKey).CryptoPublicKey())
	if err != nil {
		return "", err
	}
	sum := md5.Sum(der) // #nosec G401 -- AWS's choice; nothing is protected by it
	return colons(sum[:]), nil
}

// shaFingerprint is in base64 with its padding, as AWS shows it; ssh-keygen writes the
// same without the padding and with SHA256: before it.
func shaFingerprint(public ssh.PublicKey) string {
	sum := sha256.Sum256(public.Marshal())
	return base64.StdEncoding.EncodeToString(sum[:])
}

func colons(sum []byte) string { return strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":") }

// authorized is the key as one line of authorized_keys, without a comment.
func authorized(public ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

// ImportKeyPair reads a public key that a person brings: a line of authorized_keys, the
// form of RFC 4716, or an RSA key in DER, as PEM or as bare base64. RSA keys must have
// 1024, 2048 or 4096 bits. The fault is InvalidKey.Format, at the field public_key.
// Source: EC2 API, ImportKeyPair.
func ImportKeyPair(material string) (KeyPair, error) {
	public, err := parsePublic(strings.TrimSpace(material))
	if err != nil {
		return KeyPair{}, err
	}
	pair := KeyPair{Type: KeyED25519, PublicKey: authorized(public)}
	if public.Type() == ssh.KeyAlgoRSA {
		pair.Type = KeyRSA
	}
	pair.Fingerprint, err = importedFingerprint(public)
	return pair, err
}
