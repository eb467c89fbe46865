package engine

import (
	"context"

	"elbow/engine/fault"
)

// MaxActivities is the most that one DescribeActivities returns.
const MaxActivities = 1000

// DescribeActivities returns the activities that match, newest first from f.Offset on, and
// how many match in all. A limit above MaxActivities or a negative number is refused with
// InvalidParameterValue. Source: after CloudTrail's event history.
func (e *Engine) DescribeActivities(ctx context.Context, f ActivityFilter) ([]Activity, int, error) {
	if f.Offset < 0 || f.Limit < 0 || f.Limit > MaxActivities {
		return nil, 0, fault.New(fault.Invalid, "InvalidParameterValue", "Ask for 1 to %d activities at a time, from the first or a later one.", MaxActivities)
	}
	var found []Activity
	var total int
	err := e.view(ctx, func(tx Tx) (err error) {
		found, total, err = tx.Activities(f)
		return err
	})
	return found, total, err
}
