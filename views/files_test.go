package views

import (
	"io/fs"
	"testing"
)

func TestModesAreWrittenAsLsDoes(t *testing.T) {
	for mode, want := range map[fs.FileMode]string{
		0o644:                              "-rw-r--r--",
		fs.ModeDir | 0o755:                 "drwxr-xr-x",
		fs.ModeDir | fs.ModeSticky | 0o777: "drwxrwxrwt",
		fs.ModeDir | fs.ModeSticky | 0o770: "drwxrwx--T",
		fs.ModeSetuid | 0o755:              "-rwsr-xr-x",
		fs.ModeSymlink | 0o777:             "lrwxrwxrwx",
	} {
		if got := modeText(mode); got != want {
			t.Errorf("%v is written %q, want %q", mode, got, want)
		}
	}
}
