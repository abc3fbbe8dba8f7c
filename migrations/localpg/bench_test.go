package localpg_test

import (
	"testing"

	"frontdesk/migrations/localpg"
)

// BenchmarkSecondStart measures Start on a directory that was stopped in good order, connection included.
func BenchmarkSecondStart(b *testing.B) {
	dir := newDir(b)
	startAndStop(b, dir)
	for b.Loop() {
		startAndStop(b, dir)
	}
}

// BenchmarkFirstStart measures Start on an empty directory.
func BenchmarkFirstStart(b *testing.B) {
	for b.Loop() {
		startAndStop(b, newDir(b))
	}
}

// startAndStop measures the start and not the stop.
func startAndStop(b *testing.B, dir string) {
	server, err := localpg.Start(b.Context(), localpg.Options{Dir: dir})
	b.StopTimer()
	defer b.StartTimer()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
}
