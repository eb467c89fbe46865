package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/network"
)

// The kinds of resource that SetTags takes.
const (
	KindInstance      = "instance"
	KindImage         = "image"
	KindSnapshot      = "snapshot"
	KindSecurityGroup = "security-group"
	KindKeyPair       = "key-pair"
	KindLoadBalancer  = "load-balancer"
)

// The limits of tags; lengths are in characters. Source: EC2 User Guide, Using_Tags.
const (
	MaxTags     = 50
	MaxTagKey   = 128
	MaxTagValue = 256
)

// SetTags replaces the tags of a resource: the console's "Manage tags". id is the id, or
// the name of a key pair or load balancer. Faults: TagLimitExceeded,
// InvalidParameterValue, and the resource's own for one that does not exist. Source: EC2
// API, CreateTags and DeleteTags; for load balancers ELB API, AddTags and RemoveTags.
func (e *Engine) SetTags(ctx context.Context, kind, id string, tags map[string]string) error {
	operation := "CreateTags"
	if kind == KindLoadBalancer {
		operation = "AddTags"
	}
	detail := fmt.Sprintf("%s with %d tags", kind, len(tags))
	return e.do(ctx, operation, detail, func(c *change) error {
		c.aboutAsked([]string{id})
		if err := ValidateTags(tags); err != nil {
			return err
		}
		if err := retag(c, kind, id, maps.Clone(tags)); err != nil {
			return err
		}
		c.touch(kind, id)
		return nil
	})
}

// retag finds one resource, and puts it back with other tags.
func retag(c *change, kind, id string, tags map[string]string) error {
	switch kind {
	case KindInstance:
		return rewrite(c, id, findInstance, c.PutInstance, func(in *compute.Instance) { in.Tags = tags })
	case KindImage:
		return rewrite(c, id, findImage, c.PutImage, func(image *compute.Image) { image.Tags = tags })
	case KindSnapshot:
		return rewrite(c, id, findSnapshot, c.PutSnapshot, func(s *compute.Snapshot) { s.Tags = tags })
	case KindSecurityGroup:
		return rewrite(c, id, findGroup, c.PutSecurityGroup, func(g *network.SecurityGroup) { g.Tags = tags })
	case KindKeyPair:
		return rewrite(c, id, findKeyPair, c.PutKeyPair, func(k *compute.KeyPair) { k.Tags = tags })
	case KindLoadBalancer:
		if err := validBalancerTags(tags); err != nil {
			return err
		}
		return rewrite(c, id, findBalancer, c.PutLoadBalancer, func(b *elb.LoadBalancer) { b.Tags = tags })
	}
	return fault.New(fault.Invalid, "InvalidID", "The ID '%s' is not valid: resources of the kind '%s' have no tags.", shown(id), shown(kind))
}

func rewrite[T any](c *change, id string, find func(Tx, string) (T, error), put func(T) error, edit func(*T)) error {
	record, err := find(c, id)
	if err != nil {
		return err
	}
	edit(&record)
	return put(record)
}

// ValidateTags refuses tags that AWS would: more than MaxTags, keys that are empty, too
// long or begin with aws:, values that are too long, and, beyond AWS, text that a page
// cannot show. Its faults carry the field tags. Source: EC2 User Guide, Using_Tags.
func ValidateTags(tags map[string]string) error {
	if len(tags) > MaxTags {
		return fault.New(fault.Limit, "TagLimitExceeded", "The maximum number of tags for a resource is %d, and these are %d.", MaxTags, len(tags)).In("tags")
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) { // sorted: the same tags give the same fault
		if err := validTag(key, tags[key]); err != nil {
			return err
		}
	}
	return nil
}

func validTag(key, value string) error {
	const code = "InvalidParameterValue"
	switch {
	case key == "":
		return fault.New(fault.Invalid, code, "Tag key cannot be empty. Give it a key or remove the tag.").In("tags")
	case utf8.RuneCountInString(key) > MaxTagKey:
		return fault.New(fault.Invalid, code, "Tag key exceeds the maximum length of %d characters: '%s'", MaxTagKey, shown(key)).In("tags")
	case utf8.RuneCountInString(value) > MaxTagValue:
		return fault.New(fault.Invalid, code, "Tag value exceeds the maximum length of %d characters, for the key '%s'", MaxTagValue, shown(key)).In("tags")
	case len(key) >= 4 && strings.EqualFold(key[:4], "aws:"):
		return fault.New(fault.Invalid, code, "Tag keys starting with 'aws:' are reserved for internal use: '%s'", shown(key)).In("tags")
	case !showable(key) || !showable(value):
		return fault.New(fault.Invalid, code, "The tag '%s' contains control characters or is not valid UTF-8.", shown(key)).In("tags")
	}
	return nil
}

func showable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// validBalancerTags refuses what ELB does beyond EC2's rules: its tags are letters,
// digits, spaces and + - = . _ : / @ alone. Source: CLB User Guide, add-remove-tags.
func validBalancerTags(tags map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if strings.ContainsFunc(key+tags[key], notInBalancerTag) {
			return fault.New(fault.Invalid, "ValidationError", "The tag '%s' contains a character that load balancers do not take. Use letters, digits, spaces and + - = . _ : / @", shown(key)).In("tags")
		}
	}
	return nil
}

func notInBalancerTag(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && !unicode.IsSpace(r) && !strings.ContainsRune("+-=._:/@", r)
}
