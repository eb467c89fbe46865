//go:build !linux

package compute

import (
	"errors"
	"os"
)

// reflink is Linux's; elsewhere the caller copies.
func reflink(_, _ *os.File) error { return errors.ErrUnsupported }
