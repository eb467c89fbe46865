package ui

import (
	"context"

	"elbow/engine/fault"
	"elbow/views/i18n"
)

// FlashKind is the tone of a flash.
type FlashKind int

// The kinds of flash.
const (
	FlashInfo FlashKind = iota
	FlashSuccess
	FlashError
	FlashWarning
	FlashProgress
)

// Flash tells what became of something that was asked. It is shown once.
type Flash struct {
	ID       string // the same id replaces the flash that stands; may be empty
	Kind     FlashKind
	Title    string // bold; may be empty
	Text     string
	Href     string // an action, such as a link to what was made; may be empty
	LinkText string
}

// class and icon are how a flash looks; an empty icon is a spinner.
func (k FlashKind) look() (class, icon string) {
	switch k {
	case FlashSuccess:
		return "flash flash-success", "status-positive"
	case FlashError:
		return "flash flash-error", "status-negative"
	case FlashWarning:
		return "flash flash-warning", "status-warning"
	case FlashProgress:
		return "flash", ""
	case FlashInfo:
	}
	return "flash", "status-info"
}

// word is the kind of flash in words, for those who do not see its colour.
func (k FlashKind) word(ctx context.Context) string {
	switch k {
	case FlashSuccess:
		return i18n.T(ctx, "ui.success")
	case FlashError:
		return i18n.T(ctx, "ui.error")
	case FlashWarning:
		return i18n.T(ctx, "ui.warning")
	case FlashProgress:
		return i18n.T(ctx, "ui.in_progress")
	case FlashInfo:
	}
	return i18n.T(ctx, "ui.info")
}

// AlertKind is the tone of an alert.
type AlertKind int

// The kinds of alert.
const (
	AlertInfo AlertKind = iota
	AlertSuccess
	AlertWarning
	AlertError
)

func (k AlertKind) look() (class, icon string) {
	switch k {
	case AlertSuccess:
		return "alert alert-success", "status-positive"
	case AlertWarning:
		return "alert alert-warning", "status-warning"
	case AlertError:
		return "alert alert-error", "status-negative"
	case AlertInfo:
	}
	return "alert", "status-info"
}

// FaultAt is the message of f when it concerns the form field called field, else empty.
// It takes a nil fault.
func FaultAt(ctx context.Context, f *fault.Error, field string) string {
	if f == nil || f.Field != field {
		return ""
	}
	return i18n.Fault(ctx, f)
}
