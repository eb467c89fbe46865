package network

import "testing"

func TestDescriptorsAreShared(t *testing.T) {
	for _, n := range []int{1024, 4096, 20_000, 1 << 20} {
		s := shareOut(n, 1024)
		if used := s.held + s.looking + s.console + 3*s.outside + reservedDescriptors; used > n {
			t.Errorf("of %d descriptors %d are given out: %+v", n, used, s)
		}
		if s.outside < n/32 || s.console < n/8 {
			t.Errorf("of %d descriptors too few are for use: %+v", n, s)
		}
	}
}

func TestAnAllowanceIsNotOverrun(t *testing.T) {
	a := allowance{most: 2}
	if !a.take() || !a.take() || a.take() {
		t.Error("not two")
	}
	a.give()
	if !a.take() || a.take() {
		t.Error("what is given back is not one more")
	}
}
