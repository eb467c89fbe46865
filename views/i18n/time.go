package i18n

import (
	"context"
	"fmt"
	"time"
)

// Time is t to the minute in the machine's time zone, as AWS's console writes it in both
// languages: 2026/11/23 19:15 GMT+9.
func Time(_ context.Context, t time.Time) string {
	return t.Local().Format("2006/01/02 15:04 ") + zone(t.Local())
}

// Clock is Time to the second, for histories and logs.
func Clock(_ context.Context, t time.Time) string {
	return t.Local().Format("2006/01/02 15:04:05 ") + zone(t.Local())
}

// zone is the offset of t: GMT, GMT+9, GMT-3:30.
func zone(t time.Time) string {
	_, seconds := t.Zone()
	if seconds == 0 {
		return "GMT"
	}
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("GMT%c%d", sign, seconds/3600)
	if minutes := seconds % 3600 / 60; minutes != 0 {
		s += fmt.Sprintf(":%02d", minutes)
	}
	return s
}

// Seconds is a length of time in whole seconds, in words: 30 seconds.
func Seconds(ctx context.Context, d time.Duration) string {
	return N(ctx, "common.seconds", int(d/time.Second))
}
