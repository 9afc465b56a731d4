//go:build !drill

package process

// Point marks a place where a process may die and nothing may be lost, such as between storing and telling. It costs
// nothing in a normal build. In a build with the tag "drill", the environment decides whether the process kills itself
// there:
//
//   - DRILL_KILL_AT names the point ("enricher.stored"), or the point and the how-manieth time it is reached
//     ("enricher.stored:3"). The process sends itself SIGKILL: no deferred call runs, no buffer is flushed.
//   - DRILL_MARK is the path of a file that is created just before dying. While it exists no point kills, so the same
//     process started again with the same environment goes on, and the drill can see that the point was reached.
//
// Both must be set. Names are "<stage>.<what was just done>".
func Point(string) {}
