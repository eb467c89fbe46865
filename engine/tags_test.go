package engine

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"elbow/engine/compute"
	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/engine/ident"
)

func tagsOf(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint("key", i)] = "value"
	}
	return tags
}

func TestTagsFollowAWSsRules(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags map[string]string
		code string
	}{
		{"none", nil, ""},
		{"fifty", tagsOf(50), ""},
		{"fifty-one", tagsOf(51), "TagLimitExceeded"},
		{"an empty value", map[string]string{"k": ""}, ""},
		{"an empty key", map[string]string{"": "v"}, "InvalidParameterValue"},
		{"the longest key and value, in characters", map[string]string{strings.Repeat("鍵", 128): strings.Repeat("値", 256)}, ""},
		{"a longer key", map[string]string{strings.Repeat("鍵", 129): ""}, "InvalidParameterValue"},
		{"a longer value", map[string]string{"k": strings.Repeat("値", 257)}, "InvalidParameterValue"},
		{"a reserved key", map[string]string{"aws:name": "v"}, "InvalidParameterValue"},
		{"a reserved key in capitals", map[string]string{"AWS:name": "v"}, "InvalidParameterValue"},
		{"a key that only begins like it", map[string]string{"awsome": "v", "aws": "v"}, ""},
		{"HTML, which pages escape", map[string]string{"<b>": "</td>"}, ""},
		{"control characters", map[string]string{"k": "a\x00b"}, "InvalidParameterValue"},
		{"broken UTF-8", map[string]string{"k\xff": "v"}, "InvalidParameterValue"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := ValidateTags(tt.tags)
			if fault.CodeOf(err) != tt.code {
				t.Errorf("got %v, want %q", err, tt.code)
			}
			if f, bad := fault.Of(err); bad && f.Field != "tags" {
				t.Errorf("the fault is at the field %q", f.Field)
			}
		})
	}
}

func TestSettingTagsReplacesThemOnEveryKindOfResource(t *testing.T) {
	c := newCloud(t)
	in, image := c.inState(compute.Stopped), c.image()
	c.in(c.scope, func(tx Tx) error {
		_ = tx.PutKeyPair(compute.KeyPair{Name: "key", Tags: tagsOf(2)})
		return tx.PutLoadBalancer(elb.LoadBalancer{Name: "web", Tags: tagsOf(2)})
	})
	want := map[string]string{"Name": "new"}
	for kind, id := range map[string]string{
		KindInstance: in.ID, KindImage: image.ID, KindSnapshot: image.SnapshotID,
		KindSecurityGroup: c.defaultGroupID(), KindKeyPair: "key", KindLoadBalancer: "web",
	} {
		if err := c.SetTags(t.Context(), kind, id, want); err != nil {
			t.Errorf("%s %s: %v", kind, id, err)
		}
		if got := c.tags(kind, id); !maps.Equal(got, want) {
			t.Errorf("%s %s has the tags %v", kind, id, got)
		}
	}
}

// tags are those of a resource as it is stored.
func (c cloud) tags(kind, id string) (tags map[string]string) {
	c.t.Helper()
	w := c.world()
	all := map[string]map[string]string{}
	for _, in := range w.Instances {
		all[KindInstance+in.ID] = in.Tags
	}
	for _, i := range w.Images {
		all[KindImage+i.ID] = i.Tags
	}
	for _, s := range w.Snapshots {
		all[KindSnapshot+s.ID] = s.Tags
	}
	for _, g := range w.Groups {
		all[KindSecurityGroup+g.ID] = g.Tags
	}
	for _, k := range w.KeyPairs {
		all[KindKeyPair+k.Name] = k.Tags
	}
	for _, b := range w.LoadBalancers {
		all[KindLoadBalancer+b.Name] = b.Tags
	}
	return all[kind+id]
}

func TestSettingTagsRefuses(t *testing.T) {
	c := newCloud(t)
	in := c.inState(compute.Stopped)
	c.in(c.scope, func(tx Tx) error { return tx.PutLoadBalancer(elb.LoadBalancer{Name: "web"}) })
	c.in(elsewhere(), func(tx Tx) error { return tx.PutLoadBalancer(elb.LoadBalancer{Name: "theirs"}) })
	for _, tt := range []struct {
		name, kind, id string
		tags           map[string]string
		code           string
	}{
		{"too many", KindInstance, in.ID, tagsOf(51), "TagLimitExceeded"},
		{"an instance that never was", KindInstance, ident.New("i"), nil, "InvalidInstanceID.NotFound"},
		{"an image that never was", KindImage, ident.New("ami"), nil, "InvalidAMIID.NotFound"},
		{"a snapshot that never was", KindSnapshot, ident.New("snap"), nil, "InvalidSnapshot.NotFound"},
		{"a group that never was", KindSecurityGroup, ident.New("sg"), nil, "InvalidGroup.NotFound"},
		{"a key pair that never was", KindKeyPair, "lost", nil, "InvalidKeyPair.NotFound"},
		{"a load balancer that never was", KindLoadBalancer, "lost", nil, "LoadBalancerNotFound"},
		{"another account's load balancer", KindLoadBalancer, "theirs", nil, "LoadBalancerNotFound"},
		{"a character that load balancers refuse", KindLoadBalancer, "web", map[string]string{"k": "a<b"}, "ValidationError"},
		{"a kind that there is not", "<b>", in.ID, nil, "InvalidID"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.refuses(tt.code, func() error { return c.SetTags(t.Context(), tt.kind, tt.id, tt.tags) })
		})
	}
}
