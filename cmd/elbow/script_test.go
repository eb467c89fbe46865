package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/network"
)

// asScript makes the test binary be a product that a script of operations is run on. Its
// arguments are the data directory and the round; each line that it writes is a note.
const asScript = "ELBOW_TEST_AS_SCRIPT"

// note is what the script says of an operation: before it, what every name that it is
// about shall be described as once it is done, and after it, that it was acknowledged.
type note struct {
	Operation string
	Wants     map[string]string `json:",omitempty"` // as describe describes; empty text: gone
	Done      bool              `json:",omitempty"`
}

// lines is how many lines of the activity history the operation leaves.
func (n note) lines() int {
	if n.Operation == modifyRules {
		return 2 // what was revoked, and what was authorized
	}
	return 1
}

// The operations that leave something else than one line together with what they do.
const (
	modifyRules = "modify rules"
	writeFile   = "write"
)

// script runs operations on an engine, one after the other. Whatever is made in a round
// carries the round in its name.
type script struct {
	engine *engine.Engine
	round  string
	out    *json.Encoder
}

// runScript opens the data directory and plays the round on it until the process is killed.
func runScript(ctx context.Context, args []string, out, errs io.Writer) error {
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := newApp(ctx, config{
		Listen: []string{"127.0.0.1:0"}, Data: args[0], Domain: "localhost", Region: "ap-northeast-1",
		Ports: "20000-20099", Speed: crashSpeed, Log: log,
	})
	if err != nil {
		return err
	}
	s := &script{engine: a.engine, round: args[1], out: json.NewEncoder(out)}
	for _, act := range []func(context.Context) error{s.foundations, s.clearEarlier, s.launches, s.balancing, s.lives, s.copies, s.removals} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	for i := 0; ; i++ { // until killed
		text := fmt.Sprint(i)
		if err := s.do(ctx, "tag", map[string]string{"group " + s.name("g"): groupText("80,8443", text)}, func() error {
			return s.engine.SetTags(ctx, engine.KindSecurityGroup, s.group(ctx, s.name("g")), map[string]string{"turn": text})
		}); err != nil {
			return err
		}
	}
}

// do announces an operation, carries it out and says that it is acknowledged.
func (s *script) do(_ context.Context, operation string, wants map[string]string, fn func() error) error {
	if err := s.out.Encode(note{Operation: operation, Wants: wants}); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return s.out.Encode(note{Operation: operation, Done: true})
}

func (s *script) name(of string) string { return of + "-" + s.round }

// foundations makes, once in the life of a data directory, what every later round leaves
// alone: a load balancer over two web servers.
func (s *script) foundations(ctx context.Context) error {
	if s.group(ctx, "always") == "" {
		if err := s.makeGroup(ctx, "always"); err != nil {
			return err
		}
	}
	if len(s.instances(ctx, "always")) == 0 {
		if err := s.launch(ctx, "always", 2, s.image(ctx, webImage), "always"); err != nil {
			return err
		}
	}
	if all, err := s.engine.DescribeLoadBalancers(ctx); err != nil || len(all) > 0 {
		return err
	}
	return s.balance(ctx, "always", "always", "always")
}

// clearEarlier ends what earlier rounds left running, however far they came.
func (s *script) clearEarlier(ctx context.Context) error {
	balancers, err := s.engine.DescribeLoadBalancers(ctx)
	if err != nil {
		return err
	}
	for _, b := range balancers {
		if b.Name == "always" {
			continue
		}
		err := s.do(ctx, "delete load balancer", map[string]string{"balancer " + b.Name: ""}, func() error {
			return s.engine.DeleteLoadBalancer(ctx, b.Name)
		})
		if err != nil {
			return err
		}
	}
	all, err := s.engine.DescribeInstances(ctx)
	if err != nil {
		return err
	}
	wants, ids := map[string]string{}, []string{}
	for _, in := range all {
		if in.Name() != "always" && in.Goal != compute.Terminate {
			ids = append(ids, in.ID)
			wants["note "+in.Name()] = ""
			wants["instances "+in.Name()] = fmt.Sprintf("%d terminated", len(s.instances(ctx, in.Name())))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return s.do(ctx, "terminate", wants, func() error { return moved(s.engine.TerminateInstances(ctx, ids...)) })
}

// launches makes a group, a key pair, two instances with a group of their own in one
// step, and another one.
func (s *script) launches(ctx context.Context) error {
	if err := s.makeGroup(ctx, s.name("g")); err != nil {
		return err
	}
	key := s.name("k")
	if err := s.do(ctx, "key pair", map[string]string{"key " + key: "ed25519"}, func() error {
		_, err := s.engine.CreateKeyPair(ctx, engine.CreateKeyPairInput{Name: key, Type: engine.KeyED25519})
		return err
	}); err != nil {
		return err
	}
	a, w := s.name("a"), s.name("w")
	wants := map[string]string{"instances " + a: instanceText(2, compute.Run, 1, w, ""), "group " + w: groupText("80", "")}
	if err := s.do(ctx, "launch with a group", wants, func() error {
		_, err := s.engine.RunInstances(ctx, engine.RunInstancesInput{
			ImageID: s.image(ctx, webImage), KeyName: key, AssociatePublicIP: true, Count: 2, Tags: map[string]string{"Name": a},
			NewGroup: &engine.CreateSecurityGroupInput{Name: w, Description: "made at launch", Rules: []network.Rule{open(80)}},
		})
		return err
	}); err != nil {
		return err
	}
	return s.launch(ctx, s.name("b"), 1, s.image(ctx, webImage), s.name("g"))
}

// balancing puts a load balancer over what was launched, and changes rules and targets.
func (s *script) balancing(ctx context.Context) error {
	a, b, g, lb := s.name("a"), s.name("b"), s.name("g"), s.name("lb")
	if err := s.do(ctx, "authorize", map[string]string{"group " + g: groupText("80,443", "")}, func() error {
		return s.engine.AuthorizeSecurityGroupIngress(ctx, s.group(ctx, g), []network.Rule{open(443)})
	}); err != nil {
		return err
	}
	if err := s.balance(ctx, lb, g, a); err != nil {
		return err
	}
	if err := s.reach(ctx, b, compute.Running); err != nil {
		return err
	}
	if err := s.do(ctx, "register", map[string]string{"balancer " + lb: balancerText(5, a, a, b)}, func() error {
		return s.engine.RegisterInstances(ctx, lb, s.instances(ctx, b)...)
	}); err != nil {
		return err
	}
	if err := s.do(ctx, "health check", map[string]string{"balancer " + lb: balancerText(6, a, a, b)}, func() error {
		return s.engine.ConfigureHealthCheck(ctx, lb, probe(6))
	}); err != nil {
		return err
	}
	return s.do(ctx, modifyRules, map[string]string{"group " + g: groupText("80,8443", "")}, func() error {
		return s.engine.ModifySecurityGroupRules(ctx, engine.ModifySecurityGroupRulesInput{
			GroupID: s.group(ctx, g), Direction: network.Ingress, Rules: []network.Rule{open(80), open(8443)},
		})
	})
}

// lives takes instances through their states, and writes into one.
func (s *script) lives(ctx context.Context) error {
	a, b, g, w := s.name("a"), s.name("b"), s.name("g"), s.name("w")
	for _, text := range []string{"first", "second"} {
		if err := s.do(ctx, writeFile, map[string]string{"note " + b: text}, func() error {
			return s.engine.WriteFile(ctx, s.instances(ctx, b)[0], "/"+noteFile, strings.NewReader(text), "")
		}); err != nil {
			return err
		}
	}
	if err := s.do(ctx, "stop", map[string]string{"instances " + b: instanceText(1, compute.Stop, 1, g, "")}, func() error {
		return moved(s.engine.StopInstances(ctx, s.instances(ctx, b)...))
	}); err != nil {
		return err
	}
	if err := s.do(ctx, "reboot", map[string]string{"instances " + a: instanceText(2, compute.Run, 2, w, "")}, func() error {
		return moved(s.engine.RebootInstances(ctx, s.instances(ctx, a)...))
	}); err != nil {
		return err
	}
	if err := s.reach(ctx, b, compute.Stopped); err != nil {
		return err
	}
	if err := s.do(ctx, "start", map[string]string{"instances " + b: instanceText(1, compute.Run, 2, g, "")}, func() error {
		return moved(s.engine.StartInstances(ctx, s.instances(ctx, b)...))
	}); err != nil {
		return err
	}
	return s.do(ctx, "tags", map[string]string{"instances " + b: instanceText(1, compute.Run, 2, g, "one")}, func() error {
		return s.engine.SetTags(ctx, engine.KindInstance, s.instances(ctx, b)[0], map[string]string{"Name": b, "turn": "one"})
	})
}

// copies makes an image with a reboot, and launches from it.
func (s *script) copies(ctx context.Context) error {
	a, c, g, image := s.name("a"), s.name("c"), s.name("g"), s.name("image")
	wants := map[string]string{"image " + image: "of " + a, "snapshot " + image: "there"}
	if err := s.do(ctx, "create image", wants, func() error {
		_, err := s.engine.CreateImage(ctx, engine.CreateImageInput{
			InstanceID: s.instances(ctx, a)[0], Name: image, Tags: map[string]string{"Name": image},
		})
		return err
	}); err != nil {
		return err
	}
	if err := s.until("the image is available", func() (bool, error) {
		images, err := s.engine.DescribeImages(ctx, s.image(ctx, image))
		if err == nil && images[0].State == compute.ImageFailed {
			err = fmt.Errorf("the image failed: %s", images[0].StateReason)
		}
		return err == nil && images[0].State == compute.ImageAvailable, err
	}); err != nil {
		return err
	}
	return s.launch(ctx, c, 1, s.image(ctx, image), g)
}

// removals takes away what the round made, a registered instance among it.
func (s *script) removals(ctx context.Context) error {
	a, b, c, lb, image := s.name("a"), s.name("b"), s.name("c"), s.name("lb"), s.name("image")
	wants := map[string]string{"instances " + b: "1 terminated", "note " + b: "", "balancer " + lb: balancerText(6, a, a)}
	if err := s.do(ctx, "terminate a target", wants, func() error {
		return moved(s.engine.TerminateInstances(ctx, s.instances(ctx, b)...))
	}); err != nil {
		return err
	}
	if err := s.reach(ctx, c, compute.Running); err != nil {
		return err
	}
	if err := s.do(ctx, "deregister image", map[string]string{"image " + image: "", "snapshot " + image: ""}, func() error {
		return s.engine.DeregisterImage(ctx, s.image(ctx, image), true)
	}); err != nil {
		return err
	}
	if err := s.do(ctx, "delete key pair", map[string]string{"key " + s.name("k"): ""}, func() error {
		return s.engine.DeleteKeyPair(ctx, s.name("k"))
	}); err != nil {
		return err
	}
	return s.do(ctx, "delete load balancer", map[string]string{"balancer " + lb: ""}, func() error {
		return s.engine.DeleteLoadBalancer(ctx, lb)
	})
}
