package elb

import "testing"

func TestAListenerThatIsTakenAwayAndPutBackIsBoundAtOnce(t *testing.T) {
	bothWays(t, func(t *testing.T, w *world) {
		one := w.wanted.Listeners
		two := append([]Listener{{HTTP, 8080, HTTP, 80}}, one...)
		w.wanted.Listeners = two
		w.apply()
		for range 50 {
			w.wanted.Listeners = one
			w.apply()
			w.wanted.Listeners = two
			w.apply()
			if s, _ := w.edge.Status(dns); !s.Listeners[0].Bound {
				t.Fatalf("not bound: %s", s.Listeners[0].Error)
			}
		}
	})
}
