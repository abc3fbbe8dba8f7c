package main

import (
	"slices"
	"strings"
	"testing"
)

func TestOnlyTheFilesOwnPagesAreForgotten(t *testing.T) {
	const smaps = `00400000-00500000 r-xp 00000000 fe:00 1                  /bin/frontdesk
Rss:                 100 kB
Anonymous:             0 kB
00500000-00600000 r--p 00100000 fe:00 1                  /bin/frontdesk
Anonymous:             4 kB
00600000-00700000 rw-p 00200000 fe:00 1                  /bin/frontdesk
Anonymous:             0 kB
00700000-00800000 r--p 00000000 fe:00 2                  /lib/libc.so
Anonymous:             0 kB
00800000-00900000 r--p 00000000 00:00 0
Anonymous:             0 kB
00900000-00a00000 r--p 00300000 fe:00 1                  /bin/frontdesk (deleted)
Anonymous:             0 kB
00a00000-00b00000 r--p 00300000 fe:00 1                  /bin/frontdesk
Rss:                 100 kB
00b00000-00c00000 r--s 00400000 fe:00 1                  /bin/frontdesk
Anonymous:             0 kB
`
	got := untouched(strings.NewReader(smaps), "/bin/frontdesk")
	if want := []mapping{{0x400000, 0x500000}}; !slices.Equal(got, want) {
		t.Errorf("untouched = %x, want %x: nothing written to, changed, unsaid or another file's", got, want)
	}
}

func TestTheProgramRunsOnAfterForgetting(t *testing.T) {
	for range 100 {
		forgetCode()
	}
	if got := strings.Repeat("ab", 3); got != "ababab" {
		t.Errorf("after forgetting, Repeat = %q", got)
	}
}
