package compute

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/ssh"
)

// ppkComment is what PuTTY shows for a key that it did not make.
const ppkComment = "imported-openssh-key"

// encodePPK writes a private key as PuTTY's file, version 3, without a passphrase.
// Source: PuTTY manual, appendix C, PPK file format.
func encodePPK(private crypto.Signer, public ssh.PublicKey) ([]byte, error) {
	secret, err := ppkSecret(private)
	if err != nil {
		return nil, err
	}
	blob, algorithm := public.Marshal(), public.Type()
	var b bytes.Buffer
	fmt.Fprintf(&b, "PuTTY-User-Key-File-3: %s\r\nEncryption: none\r\nComment: %s\r\n", algorithm, ppkComment)
	ppkLines(&b, "Public-Lines", blob)
	ppkLines(&b, "Private-Lines", secret)
	// Without a passphrase the key of the MAC is empty: it guards against damage alone.
	mac := hmac.New(sha256.New, nil)
	mac.Write(ssh.Marshal(struct {
		Algorithm, Encryption, Comment string
		Public, Private                []byte
	}{algorithm, "none", ppkComment, blob, secret}))
	fmt.Fprintf(&b, "Private-MAC: %s\r\n", hex.EncodeToString(mac.Sum(nil)))
	return b.Bytes(), nil
}

// ppkSecret is what of the key the public half does not say.
func ppkSecret(private crypto.Signer) ([]byte, error) {
	switch key := private.(type) {
	case *rsa.PrivateKey:
		if len(key.Primes) != 2 {
			return nil, errors.New("an RSA key with other than two primes")
		}
		p, q := key.Primes[0], key.Primes[1]
		return ssh.Marshal(struct{ D, P, Q, InverseQ *big.Int }{key.D, p, q, new(big.Int).ModInverse(q, p)}), nil
	case ed25519.PrivateKey:
		return ssh.Marshal(struct{ Seed []byte }{key.Seed()}), nil
	}
	return nil, fmt.Errorf("no PPK form for a key of type %T", private)
}

func ppkLines(b *bytes.Buffer, name string, blob []byte) {
	const width = 64
	text := base64.StdEncoding.EncodeToString(blob)
	fmt.Fprintf(b, "%s: %d\r\n", name, (len(text)+width-1)/width)
	for len(text) > 0 {
		n := min(width, len(text))
		fmt.Fprintf(b, "%s\r\n", text[:n])
		text = text[n:]
	}
}
