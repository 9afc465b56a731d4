// Command cdrflow is the whole house on one machine: the servers that the stages stand on, the five stages, and a
// simulated call centre that gives them something to do.
package main

import "github.com/cdrflow/cdrflow/services/process"

func main() {
	process.Main("cdrflow", nil,
		process.Command{Name: "simulate", Summary: "write the calls of a made-up call centre to MariaDB", Run: simulateCalls},
	)
}
