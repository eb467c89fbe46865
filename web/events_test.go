package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"elbow/engine/event"
)

// recorded notes what was sent and when, from the start of the stream.
type recorded struct {
	since time.Time
	lines []string
	full  bool
}

func (r *recorded) send(p []byte) bool {
	text := strings.ReplaceAll(strings.TrimSpace(string(p)), "\n", "|")
	r.lines = append(r.lines, fmt.Sprintf("%v %s", time.Since(r.since), text))
	return !r.full
}

func TestTheFirstChangeGoesAtOnceAndTheRestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bus event.Bus
		out := &recorded{since: time.Now()}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		changes := bus.Subscribe()
		go func() { announce(ctx, out, changes); close(ended) }()
		synctest.Wait()

		time.Sleep(time.Second)
		bus.Publish(event.Key{Noun: "instance", ID: "i-1"})
		synctest.Wait()
		for i := range 100 { // a storm within the next 25 ms
			bus.Publish(event.Key{Noun: "instance", ID: "i-" + fmt.Sprint(2+i%2)}, event.Key{Noun: "activity"})
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(19 * time.Second) // past the first heartbeat
		synctest.Wait()
		cancel()
		<-ended

		want := []string{
			"0s retry: 2000|event: refresh|data: *",
			"1s event: instance|data: i-1",
			"1.025s event: activity|data: *||event: instance|data: i-2|data: i-3",
			"20s : still here",
		}
		if !slices.Equal(out.lines, want) {
			t.Errorf("sent\n%s\nwant\n%s", strings.Join(out.lines, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestAStreamEndsWhenTheClientTakesNothing(t *testing.T) {
	var bus event.Bus
	out := &recorded{full: true}
	announce(t.Context(), out, bus.Subscribe()) // returns, or the test never ends
	if len(out.lines) != 1 {
		t.Errorf("kept on writing: %q", out.lines)
	}
}

func TestAnIdCannotForgeALineOfTheStream(t *testing.T) {
	got := string(messages([]event.Key{{Noun: "key-pair", ID: "a\n\nevent: refresh\rb"}}))
	if strings.Count(got, "\n") != 3 || strings.Contains(got, "\r") {
		t.Errorf("%q", got)
	}
}

// open starts a stream over a real socket and reads its first event.
func open(t *testing.T, addr string) (*http.Response, *bufio.Scanner) {
	t.Helper()
	resp, err := fetch(t, "GET", addr, "/events")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(resp.Body)
	if resp.StatusCode == 200 {
		expect(t, lines, "event: refresh")
	}
	return resp, lines
}

func expect(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == want {
			return
		}
	}
	t.Fatalf("the stream ended before %q: %v", want, lines.Err())
}

func TestShutdownEndsEveryStreamAndNothingStays(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s, bus := newConsole(t)
	addr := serve(t, s)
	resp, lines := open(t, addr)
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("type %q", got)
	}
	bus.Publish(event.Key{Noun: "instance", ID: "i-1"})
	expect(t, lines, "event: instance")
	expect(t, lines, "data: i-1")

	s.Shutdown()
	for lines.Scan() { // whatever is left, then the end
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
	resp.Body.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if len(s.streams) != 0 {
		t.Error("the stream's slot is still taken")
	}
	serverOfThisTest := goleak.IgnoreAnyFunction("net/http.(*Server).Serve")
	if err := goleak.Find(before, serverOfThisTest); err != nil {
		t.Error(err)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	s, _ := newConsole(t)
	s.streams = make(chan struct{}, 1)
	addr := serve(t, s)
	first, _ := open(t, addr)
	second, _ := open(t, addr)
	if second.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", second.StatusCode)
	}
	first.Body.Close()
	second.Body.Close()
	// The first one's slot is free again once the server has noticed that it left.
	for range 100 {
		if len(s.streams) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the slot of a stream that left is not given back")
}
