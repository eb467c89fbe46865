// Package event tells who is interested that something changed. An event is an
// invalidation, not a message: a key says "look again", and a subscription is a set of
// keys, so a slow reader costs one entry a resource and always gets the last state.
package event

import "sync"

// Key names a changed resource, such as instance/i-0a1b. Noun is the name of the
// resource's file in every layer, in the singular: instance, image, snapshot,
// security-group, key-pair, load-balancer, interface, activity.
type Key struct {
	Noun string
	ID   string
}

// Bus fans keys out to subscriptions. The zero value is ready.
type Bus struct {
	mu   sync.Mutex
	subs map[*Subscription]struct{} // guarded by mu
}

// Publish adds the keys to every subscription. It never blocks on a reader.
func (b *Bus) Publish(keys ...Key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		s.add(keys)
	}
}

// Subscribe starts a subscription, which must be closed.
func (b *Bus) Subscribe() *Subscription {
	s := &Subscription{bus: b, pending: map[Key]struct{}{}, ready: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[*Subscription]struct{}{}
	}
	b.subs[s] = struct{}{}
	return s
}

// Subscription collects the keys published since it was last taken from.
type Subscription struct {
	bus   *Bus
	ready chan struct{}

	mu      sync.Mutex
	pending map[Key]struct{} // guarded by mu
}

// Ready receives when there is something to take.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// Take returns the keys that have come since the last call, in no order, each once.
func (s *Subscription) Take() []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]Key, 0, len(s.pending))
	for k := range s.pending {
		keys = append(keys, k)
	}
	clear(s.pending)
	return keys
}

// Close ends the subscription; closing twice is harmless.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	delete(s.bus.subs, s)
}

func (s *Subscription) add(keys []Key) {
	s.mu.Lock()
	for _, k := range keys {
		s.pending[k] = struct{}{}
	}
	s.mu.Unlock()
	select {
	case s.ready <- struct{}{}:
	default:
	}
}
