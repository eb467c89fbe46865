package compute

import (
	"testing"

	"go.uber.org/goleak"

	"elbow/engine/fault"
)

// TestMain fails the package when a goroutine outlives its owner.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func faultCode(err error) string { return fault.CodeOf(err) }

// service is the web server of an instance, as the Services tab shows it.
func (c *cloud) service(in Instance) Service {
	c.t.Helper()
	list, err := c.Services(in.ID)
	if err != nil || len(list) != 1 {
		c.t.Fatalf("services %v %v", list, err)
	}
	return list[0]
}
