package servertest

import (
	"fmt"
	"os"

	"go.uber.org/goleak"
)

// Main is for the TestMain of a package that watches for goroutine leaks:
//
//	func TestMain(m *testing.M) { servertest.Main(m) }
//
// It runs the tests, ends the shared servers, which have goroutines of their own, and then fails if one of the package's
// is left.
func Main(m interface{ Run() int }, options ...goleak.Option) {
	code := m.Run()
	running.Lock()
	defer running.Unlock()
	for _, child := range running.children {
		child.Kill()
	}
	if err := sweepNow(); err != nil {
		fmt.Fprintf(os.Stderr, "remove the servers' directory: %v\n", err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(options...); err != nil {
			fmt.Fprintf(os.Stderr, "goroutines are left after the tests: %v\n", err)
			code = 1
		}
	}
	os.Exit(code)
}
