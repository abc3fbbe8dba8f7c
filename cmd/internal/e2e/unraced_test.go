//go:build !race

package e2e

// raced is set where the race detector is on, and so is to be in the program under test.
const raced = false
