package event

import (
	"slices"
	"testing"
)

func TestASlowReaderGetsEachKeyOnce(t *testing.T) {
	var bus Bus
	s := bus.Subscribe()
	defer s.Close()
	for range 100 {
		bus.Publish(Key{"instance", "i-1"}, Key{"instance", "i-2"})
	}
	<-s.Ready()
	got := s.Take()
	slices.SortFunc(got, func(a, b Key) int { return compare(a.ID, b.ID) })
	if want := []Key{{"instance", "i-1"}, {"instance", "i-2"}}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	if rest := s.Take(); len(rest) != 0 {
		t.Errorf("took %v again", rest)
	}
}

func TestNothingComesAfterClose(t *testing.T) {
	var bus Bus
	s := bus.Subscribe()
	s.Close()
	s.Close()
	bus.Publish(Key{"image", "ami-1"})
	if got := s.Take(); len(got) != 0 {
		t.Errorf("took %v from a closed subscription", got)
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
