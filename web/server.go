// Package web is the console: HTTP requests in, HTML pages and one event stream out.
//
// It owns the address bar (routes), the guards every request passes, and the step from
// an error to a response. It never knows what a field means, writes no SQL and no HTML:
// meaning is the engine's, markup is the views'. Server is safe for concurrent use. A
// request always walks the same way: recovered, named, its Host checked, its answer's
// security headers set, cross-origin writes refused, its body bounded, its caller and
// page put into the context, then the route.
package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/event"
	"elbow/engine/ident"
	"elbow/engine/network"
)

// Gateway is what the console asks of the internet gateway: whose name a request came by.
type Gateway interface {
	IsConsoleName(host string) bool           // host without its port
	Lookup(host string) (network.Route, bool) // a tenant's name, live or gone
	Ports() []int                             // the ports that are really bound, the first is the preferred one
}

// announcer tells of changes: the engine, or a bus in a test.
type announcer interface {
	Subscribe() *event.Subscription
}

// Config is what a console is made of. Engine and Gateway are required.
type Config struct {
	Engine  *engine.Engine
	Gateway Gateway
	Names   []string // host names the console answers to, the first is the one pages recommend
	Region  string   // such as ap-northeast-1
	Account string   // twelve digits
	Version string
	Log     *slog.Logger // nil logs nowhere
}

// Server is the console. Use New; Shutdown ends its event streams.
type Server struct {
	engine  *engine.Engine
	gateway Gateway
	events  announcer
	names   []string
	scope   ident.Scope
	version string
	log     *slog.Logger

	echo    *echo.Echo
	guarded http.Handler // the routes behind every guard
	flashes *flashes
	streams chan struct{} // a slot an open event stream
	closing context.Context
	close   context.CancelFunc
}

// New makes a console that answers through Handler or HTTPServer.
func New(c Config) (*Server, error) {
	if c.Engine == nil || c.Gateway == nil {
		return nil, errors.New("web: the console needs an engine and a gateway")
	}
	return newServer(c, c.Engine), nil
}

func newServer(c Config, events announcer) *Server {
	s := &Server{
		engine: c.Engine, gateway: c.Gateway, events: events, names: c.Names,
		scope: ident.Scope{Account: c.Account, Region: c.Region}, version: c.Version,
		log:     cmp.Or(c.Log, slog.New(slog.DiscardHandler)),
		flashes: newFlashes(time.Now), streams: make(chan struct{}, maxStreams),
	}
	if len(s.names) == 0 {
		s.names = []string{"localhost"}
	}
	s.closing, s.close = context.WithCancel(context.Background())
	s.echo = s.router()
	s.guarded = s.guard(s.echo)
	return s
}

// router builds the routes. Echo does nothing else here: the guards stand before it, so
// that they also see what no route answers.
func (s *Server) router() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect() // no forwarding header is believed
	e.HTTPErrorHandler = s.failed
	e.Use(s.caught, s.bounded, unescaped)
	g := e.Group("")
	for _, routes := range s.mounts() {
		routes(g)
	}
	return e
}

// unescaped gives the routes the ids and names of the path as they are: the router leaves
// them escaped where the path needs escapes that it has a choice about, as for a name with
// a slash in it.
func unescaped(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().URL.RawPath == "" {
			return next(c)
		}
		values := slices.Clone(c.ParamValues())
		for i, escaped := range values {
			if text, err := url.PathUnescape(escaped); err == nil {
				values[i] = text
			}
		}
		c.SetParamValues(values...)
		return next(c)
	}
}

// Handler answers every request that reaches the console, by whatever name.
func (s *Server) Handler() http.Handler { return s.guarded }

// HTTPServer is a server over Handler with the console's limits: 10 s for a request's
// header, at most 64 KiB of it, and 60 s idle. There is no write timeout, since event
// streams stay open; they bound each write themselves.
func (s *Server) HTTPServer() *http.Server {
	server := &http.Server{
		Handler:           s.guarded,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(s.Shutdown)
	return server
}

// Shutdown ends the event streams, without which an orderly stop of the HTTP server would
// wait for ever. Requests under way are left alone; shutting down twice is harmless.
func (s *Server) Shutdown() { s.close() }
