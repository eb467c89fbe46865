package compute

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// grace is how long services have to finish requests in flight before they are cut.
const grace = 5 * time.Second

// supervisor runs the services of one machine from boot to halt. start and stop are
// called by one goroutine at a time (whoever has the machine's turn); status may be
// asked for from anywhere.
type supervisor struct {
	root    *os.Root
	listen  func(port uint16) (net.Listener, error)
	refuse  func(host string) bool // names that a service never answers to; nil refuses none
	changed func()                 // called without mu held
	log     *slog.Logger

	done sync.WaitGroup // one for each process

	mu       sync.Mutex
	running  map[string]*process // guarded by mu
	failures map[string]string   // guarded by mu; why a service is down that should be up
}

// process is a running service.
type process struct {
	server   *httpd
	listener net.Listener
	since    time.Time
}

func newSupervisor(root *os.Root, listen func(uint16) (net.Listener, error), refuse func(string) bool, changed func(), log *slog.Logger) *supervisor {
	return &supervisor{
		root: root, listen: listen, refuse: refuse, changed: changed, log: log,
		running: map[string]*process{}, failures: map[string]string{},
	}
}

// startEnabled starts what boot starts. A service that fails shows its reason; the
// machine comes up all the same.
func (s *supervisor) startEnabled() {
	for _, u := range units() {
		if !installed(s.root, u.name) || !enabled(s.root, u.name) {
			continue
		}
		if err := s.start(u); err != nil {
			s.log.Warn("service did not start", "service", u.name, "err", err)
		}
	}
}

// start starts the service unless it is running.
func (s *supervisor) start(u unit) error {
	if s.active(u.name) {
		return nil
	}
	err := s.launch(u)
	s.mu.Lock()
	delete(s.failures, u.name)
	if err != nil {
		s.failures[u.name] = err.Error()
	}
	s.mu.Unlock()
	s.changed()
	return err
}

func (s *supervisor) launch(u unit) error {
	server, err := newHTTPD(s.root, s.refuse)
	if err != nil {
		return err
	}
	l, err := s.listen(u.port)
	if err != nil {
		return errors.Join(err, server.close())
	}
	p := &process{server: server, listener: l, since: time.Now()}
	s.mu.Lock()
	s.running[u.name] = p
	s.mu.Unlock()
	s.done.Go(func() { s.serve(u.name, p) })
	return nil
}

// serve runs a service to its end, and says so when nobody asked for that end.
func (s *supervisor) serve(name string, p *process) {
	err := p.server.serve(p.listener)
	if err == nil {
		return // stop waits for requests in flight and closes the logs
	}
	s.mu.Lock()
	unasked := s.running[name] == p
	if unasked {
		delete(s.running, name)
		s.failures[name] = err.Error()
	}
	s.mu.Unlock()
	if !unasked {
		return
	}
	s.log.Warn("service ended", "service", name, "err", err)
	_ = p.server.server.Close() // its connections go with it
	_ = p.server.close()
	s.changed()
}

// stop stops the service unless it is down: requests in flight finish until ctx is done.
func (s *supervisor) stop(ctx context.Context, name string) {
	s.mu.Lock()
	p := s.running[name]
	delete(s.running, name)
	delete(s.failures, name)
	s.mu.Unlock()
	if p == nil {
		return
	}
	p.server.stop(ctx)
	_ = p.listener.Close() // Serve may not have taken it over yet, and then nobody else would
	_ = p.server.close()
	s.changed()
}

// stopWithin stops one service with the same grace as stopAll.
func (s *supervisor) stopWithin(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	s.stop(ctx, name)
}

// stopAll stops every service and waits for the last to end.
func (s *supervisor) stopAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	var stops sync.WaitGroup
	for _, u := range units() {
		stops.Go(func() { s.stop(ctx, u.name) })
	}
	stops.Wait()
	s.done.Wait()
}

func (s *supervisor) active(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[name] != nil
}

// fill adds what the service is doing now.
func (s *supervisor) fill(to *Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.running[to.Name]; p != nil {
		to.Active, to.Since = true, p.since
	}
	to.Failure = s.failures[to.Name]
}
