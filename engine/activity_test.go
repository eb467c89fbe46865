package engine

import (
	"net/netip"
	"testing"

	"elbow/engine/fault"
)

func TestTheHistorySaysWhoDidWhatWithWhatResult(t *testing.T) {
	c := newCloud(t)
	who := Caller{Scope: c.scope, Actor: "console", Source: netip.MustParseAddr("192.0.2.7")}
	ctx := WithCaller(t.Context(), who)
	if err := c.DeleteKeyPair(ctx, "web"); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteKeyPair(ctx, ""); err == nil {
		t.Fatal("deleting no key pair succeeds")
	}
	lines, total, err := c.DescribeActivities(ctx, ActivityFilter{Operation: "DeleteKeyPair"})
	if err != nil || total != 2 {
		t.Fatal(lines, total, err)
	}
	refused, done := lines[0], lines[1]
	if done.Actor != "console" || done.Source != "192.0.2.7" || done.Resource != "web" || done.Result != "Success" || done.Message != "" {
		t.Errorf("what was done: %+v", done)
	}
	if refused.Result != "MissingParameter" || refused.Message == "" {
		t.Errorf("what was refused: %+v", refused)
	}
}

func TestTheHistoryIsReadInPages(t *testing.T) {
	c := newCloud(t)
	for range 3 {
		if err := c.DeleteKeyPair(t.Context(), "web"); err != nil {
			t.Fatal(err)
		}
	}
	page, total, err := c.DescribeActivities(t.Context(), ActivityFilter{Operation: "DeleteKeyPair", Offset: 2, Limit: 2})
	if err != nil || len(page) != 1 || total != 3 {
		t.Errorf("%d of %d, %v; want 1 of 3", len(page), total, err)
	}
	for _, f := range []ActivityFilter{{Offset: -1}, {Limit: -1}, {Limit: MaxActivities + 1}} {
		if _, _, err := c.DescribeActivities(t.Context(), f); fault.CodeOf(err) != "InvalidParameterValue" {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
