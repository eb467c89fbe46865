package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"elbow/engine"
	"elbow/engine/ident"
	"elbow/engine/network"
	"elbow/store"
	"elbow/web"
)

// account is the one account there is, until there are classes.
const account = "123456789012"

// config is what an app is made of.
type config struct {
	Listen   []string
	Hosts    []string
	Data     string
	Domain   string
	Region   string
	Ports    string
	Speed    float64
	InMemory bool // interfaces meet in memory even where they could be bound
	Log      *slog.Logger
}

// app is the whole program. newApp opens and starts it; Stop ends it in reverse order.
type app struct {
	gateway  *network.Gateway
	engine   *engine.Engine
	teardown []teardown
}

// teardown is one named thing to end.
type teardown struct {
	name string
	end  func(context.Context) error
}

// newApp starts everything; on failure it ends what had started.
func newApp(ctx context.Context, c config) (_ *app, err error) {
	a := &app{}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
		}
	}()
	db, err := store.Open(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	a.ends("store", func(context.Context) error { return db.Close() })
	if err := a.openNetwork(c); err != nil {
		return nil, err
	}
	return a, a.start(ctx, c, db)
}

// openNetwork opens the fabric and the gateway: here a busy port is noticed.
func (a *app) openNetwork(c config) error {
	fabric, err := network.NewFabric(network.FabricConfig{InMemory: c.InMemory, Log: c.Log})
	if err != nil {
		return fmt.Errorf("opening the network: %w", err)
	}
	a.ends("fabric", func(context.Context) error { return fabric.Close() })
	a.gateway, err = network.OpenGateway(network.GatewayConfig{
		Fabric: fabric, Addrs: c.Listen, ConsoleNames: append([]string{"localhost"}, c.Hosts...),
		PortRange: c.Ports, Log: c.Log,
	})
	if err != nil {
		return err
	}
	a.ends("gateway", func(context.Context) error { return a.gateway.Close() })
	return nil
}

// start starts the engine, then the console over it.
func (a *app) start(ctx context.Context, c config, db *store.DB) (err error) {
	a.engine, err = engine.New(engine.Config{
		Store: db, Fabric: a.gateway.Fabric(), Gateway: a.gateway, Dir: c.Data,
		Scope: ident.Scope{Account: account, Region: c.Region}, Domain: c.Domain, Speed: c.Speed, Log: c.Log,
	})
	if err != nil {
		return err
	}
	a.ends("engine", a.engine.Stop)
	if err := a.engine.Start(ctx); err != nil {
		return err
	}
	console, err := web.New(web.Config{
		Engine: a.engine, Gateway: a.gateway, Names: append([]string{"localhost"}, c.Hosts...),
		Region: c.Region, Account: account, Version: version, Log: c.Log,
	})
	if err != nil {
		return err
	}
	a.serve(console)
	return nil
}

// serve answers on the gateway's console listener until the app stops.
func (a *app) serve(console *web.Server) {
	server := console.HTTPServer()
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.gateway.Console()) }()
	a.ends("console", func(ctx context.Context) error {
		console.Shutdown()
		patience, cancel := patienceOf(ctx)
		defer cancel()
		err := server.Shutdown(patience)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close() // who still reads or sends by then is cut
		}
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) && !errors.Is(serveErr, net.ErrClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	})
}

// patienceOf is two fifths of the time that ctx leaves: instances and load balancers have
// requests in flight to finish after the console's.
func patienceOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)*2/5)
	}
	return context.WithCancel(ctx)
}

func (a *app) ends(name string, end func(context.Context) error) {
	a.teardown = append(a.teardown, teardown{name, end})
}

// Stop ends everything in reverse order within the context. Stopping twice is harmless.
func (a *app) Stop(ctx context.Context) error {
	var errs []error
	for len(a.teardown) > 0 {
		last := len(a.teardown) - 1
		t := a.teardown[last]
		a.teardown = a.teardown[:last]
		if err := t.end(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.name, err))
		}
	}
	return errors.Join(errs...)
}

// Port is the first port that the console answers on.
func (a *app) Port() int { return a.gateway.Ports()[0] }

// URL is where the console is, by the port a browser would try first.
func (a *app) URL() string {
	for _, p := range a.gateway.Ports() {
		if p == 80 {
			return "http://localhost"
		}
	}
	return "http://localhost:" + strconv.Itoa(a.Port())
}
