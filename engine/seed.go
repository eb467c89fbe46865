package engine

import (
	"context"
	"net/netip"

	"elbow/engine/compute"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// seed gives the engine's own scope what every account starts with: the default VPC with
// a subnet in each of three Availability Zones, its default security group, and the base
// images. What is there already is left alone.
func (e *Engine) seed(ctx context.Context) error {
	return e.store.Update(ctx, e.scope, func(tx Tx) error {
		vpc, err := e.seedVPC(tx)
		if err != nil {
			return err
		}
		if err := e.seedDefaultGroup(tx, vpc); err != nil {
			return err
		}
		return e.seedImages(tx)
	})
}

func (e *Engine) seedVPC(tx Tx) (network.VPC, error) {
	vpcs, err := tx.VPCs()
	if err != nil || len(vpcs) > 0 {
		return first(vpcs), err
	}
	vpc := network.VPC{ID: ident.New("vpc"), CIDR: netip.MustParsePrefix("172.31.0.0/16"), IsDefault: true}
	if err := tx.PutVPC(vpc); err != nil {
		return vpc, err
	}
	for i, letter := range zoneLetters(e.scope.Region) {
		subnet := network.Subnet{
			ID: ident.New("subnet"), VPCID: vpc.ID, AvailabilityZone: e.scope.Region + letter,
			CIDR: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 31, byte(16 * i), 0}), 20), DefaultForAZ: true,
		}
		if err := tx.PutSubnet(subnet); err != nil {
			return vpc, err
		}
	}
	return vpc, nil
}

// zoneLetters are the zones that most accounts see: Tokyo has no b.
func zoneLetters(region string) []string {
	if region == "ap-northeast-1" {
		return []string{"a", "c", "d"}
	}
	return []string{"a", "b", "c"}
}

func (e *Engine) seedDefaultGroup(tx Tx, vpc network.VPC) error {
	groups, err := tx.SecurityGroups()
	if err != nil || len(groups) > 0 {
		return err
	}
	id := ident.New("sg")
	return tx.PutSecurityGroup(network.SecurityGroup{
		ID: id, VPCID: vpc.ID, Name: "default", Description: "default VPC security group", CreatedAt: e.now(),
		Rules: []network.Rule{
			{ID: ident.New("sgr"), Direction: network.Ingress, Protocol: network.AllProto, FromPort: -1, ToPort: -1, SourceGroup: id},
			{ID: ident.New("sgr"), Direction: network.Egress, Protocol: network.AllProto, FromPort: -1, ToPort: -1, Prefix: netip.MustParsePrefix("0.0.0.0/0")},
		},
	})
}

func (e *Engine) seedImages(tx Tx) error {
	images, err := tx.Images()
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, image := range images {
		have[image.Base] = true
	}
	for _, base := range compute.BaseImages() {
		if have[base.Dir] {
			continue
		}
		err := tx.PutImage(compute.Image{
			ID: ident.New("ami"), Name: base.Name, Description: base.Description, State: compute.ImageAvailable,
			OwnerAlias: "elbow", Base: base.Dir, CreatedAt: e.now(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func first[T any](list []T) (zero T) {
	if len(list) > 0 {
		return list[0]
	}
	return zero
}
