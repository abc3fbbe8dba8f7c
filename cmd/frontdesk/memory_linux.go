package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// forgetCode takes those pages of the program file out of this process' memory
// that only starting has used: the bundler's code above all. They stay in the
// system's cache, and one that is needed again is mapped again without reading
// from disk. On an idle server that is some 15 MB of 40.
//
// It touches read-only mappings of the file alone, and of these only such that
// hold nothing of our own (a position-independent program's relocated tables
// do): everything else would be lost.
func forgetCode() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	for _, m := range untouched(f, self) {
		// Only a hint: where it fails the pages simply stay.
		syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ from, to uintptr }

// untouched lists the read-only mappings of the file in an smaps listing whose
// pages are all the file's own. A mapping that the listing does not say this of
// in so many words is left out.
func untouched(smaps io.Reader, file string) []mapping {
	var out []mapping
	var m *mapping
	for sc := bufio.NewScanner(smaps); sc.Scan(); {
		f := strings.Fields(sc.Text())
		if len(f) >= 5 && strings.Contains(f[0], "-") {
			m = nil
			from, to, _ := strings.Cut(f[0], "-")
			a, err1 := strconv.ParseUint(from, 16, 64)
			b, err2 := strconv.ParseUint(to, 16, 64)
			named := len(f) == 6 && f[5] == file
			if err1 == nil && err2 == nil && a < b && named && (f[1] == "r-xp" || f[1] == "r--p") {
				m = &mapping{uintptr(a), uintptr(b)}
			}
			continue
		}
		if m != nil && len(f) == 3 && f[0] == "Anonymous:" {
			if f[1] == "0" {
				out = append(out, *m)
			}
			m = nil
		}
	}
	return out
}
