package engine

import (
	"cmp"
	"context"
	"maps"
	"strings"

	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

// The types of key pairs and the formats of private key files.
const (
	KeyRSA     = "rsa"
	KeyED25519 = "ed25519"
	FormatPEM  = "pem"
	FormatPPK  = "ppk"
)

// CreateKeyPairInput is what CreateKeyPair takes.
type CreateKeyPairInput struct {
	Name   string // at most 255 ASCII characters, unique
	Type   string // KeyRSA or KeyED25519; empty: KeyRSA
	Format string // FormatPEM or FormatPPK; empty: FormatPEM
	Tags   map[string]string
}

// CreatedKeyPair is a new key pair with its private half, which is given out here and
// nowhere else.
type CreatedKeyPair struct {
	compute.KeyPair
	PrivateKey []byte
	FileName   string // NAME.pem or NAME.ppk, safe as a file's name
}

// ImportKeyPairInput is what ImportKeyPair takes.
type ImportKeyPairInput struct {
	Name      string
	PublicKey string // OpenSSH, RFC 4716 or DER in base64
	Tags      map[string]string
}

// CreateKeyPair makes a key pair and keeps its public half. Faults: InvalidParameterValue,
// InvalidKeyPair.Duplicate. Source: EC2 API, CreateKeyPair.
func (e *Engine) CreateKeyPair(ctx context.Context, in CreateKeyPairInput) (CreatedKeyPair, error) {
	in.Type, in.Format = cmp.Or(in.Type, KeyRSA), cmp.Or(in.Format, FormatPEM)
	// An RSA key takes its time: it is made before the transaction, which blocks all others.
	key, private, invalid := newKeyPair(in)
	err := e.putKeyPair(ctx, "CreateKeyPair", in.Name, &key, in.Tags, invalid)
	if err != nil {
		return CreatedKeyPair{}, err
	}
	return CreatedKeyPair{KeyPair: key, PrivateKey: private, FileName: keyFileName(in.Name, in.Format)}, nil
}

func newKeyPair(in CreateKeyPairInput) (compute.KeyPair, []byte, error) {
	if err := validKeyPair(in.Name, in.Tags); err != nil {
		return compute.KeyPair{}, nil, err
	}
	return compute.GenerateKeyPair(in.Type, in.Format)
}

// ImportKeyPair keeps the public half of a key pair that was made elsewhere. Faults:
// InvalidParameterValue, InvalidKey.Format, InvalidKeyPair.Duplicate. Source: EC2 API,
// ImportKeyPair.
func (e *Engine) ImportKeyPair(ctx context.Context, in ImportKeyPairInput) (compute.KeyPair, error) {
	key, invalid := compute.ImportKeyPair(in.PublicKey)
	if err := validKeyPair(in.Name, in.Tags); err != nil {
		invalid = err
	}
	if err := e.putKeyPair(ctx, "ImportKeyPair", in.Name, &key, in.Tags, invalid); err != nil {
		return compute.KeyPair{}, err
	}
	return key, nil
}

func validKeyPair(name string, tags map[string]string) error {
	if err := compute.ValidKeyName(name); err != nil {
		return err
	}
	return ValidateTags(tags)
}

// putKeyPair completes and stores a new key pair whose name is free. invalid is a refusal
// from before the transaction, which belongs into the history all the same.
func (e *Engine) putKeyPair(ctx context.Context, operation, name string, key *compute.KeyPair, tags map[string]string, invalid error) error {
	return e.do(ctx, operation, "", func(c *change) error {
		c.aboutAsked([]string{name})
		if invalid != nil {
			return invalid
		}
		_, taken, err := c.FindKeyPair(name)
		if err != nil {
			return err
		}
		if taken {
			return fault.New(fault.Conflict, "InvalidKeyPair.Duplicate", "The keypair '%s' already exists.", name).In("name")
		}
		key.ID, key.Name, key.CreatedAt, key.Tags = ident.New("key"), name, c.at, maps.Clone(tags)
		c.touch("key-pair", name)
		return c.PutKeyPair(*key)
	})
}

// DescribeKeyPairs returns all key pairs, by name. Source: EC2 API, DescribeKeyPairs.
func (e *Engine) DescribeKeyPairs(ctx context.Context) ([]compute.KeyPair, error) {
	var keys []compute.KeyPair
	err := e.view(ctx, func(tx Tx) (err error) {
		keys, err = tx.KeyPairs()
		return err
	})
	return keys, err
}

// DeleteKeyPair forgets a key pair; instances that booted with it keep its public half.
// Deleting one that does not exist succeeds. Source: EC2 API, DeleteKeyPair.
func (e *Engine) DeleteKeyPair(ctx context.Context, name string) error {
	return e.do(ctx, "DeleteKeyPair", "", func(c *change) error {
		c.aboutAsked([]string{name})
		if name == "" {
			return fault.New(fault.Invalid, "MissingParameter", "The request must contain the parameter KeyName. Choose a key pair.").In("name")
		}
		c.touch("key-pair", name)
		return c.DeleteKeyPair(name)
	})
}

// findKeyPair finds the key pair to launch with, or says in AWS's words that there is none.
func findKeyPair(tx Tx, name string) (compute.KeyPair, error) {
	key, ok, err := tx.FindKeyPair(name)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "InvalidKeyPair.NotFound", "The key pair '%s' does not exist", shown(name)).In("key_name")
	}
	return key, err
}

// keyFileName is the name with the format's ending; what would steer a file's place or a
// header becomes an underscore.
func keyFileName(name, format string) string {
	safe := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|;%`, r) || r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, name)
	return strings.TrimLeft(safe, ".") + "." + format
}
