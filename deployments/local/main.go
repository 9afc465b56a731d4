// Command cdrflow is the whole house on one machine: the servers that the stages stand on, the five stages, and a
// simulated call centre that gives them something to do.
package main

import (
	"github.com/cdrflow/cdrflow/deployments/local/house"
	"github.com/cdrflow/cdrflow/services/process"
)

func main() {
	process.Main("cdrflow", nil,
		process.Command{Name: "up", Summary: "start the servers and the stages; Ctrl-C stops them", Run: up},
		process.Command{Name: "demo", Summary: "the same, fresh, with a simulated call centre", Run: demo},
		process.Command{Name: "status", Summary: "rows, lag and health of each stage", Run: status},
		process.Command{Name: "token", Summary: "print a token for the API", Run: printToken},
		process.Command{Name: "run", Summary: "run a command of a stage: cdrflow run enricher generate -d 30", Run: runCommand},
		process.Command{Name: "simulate", Summary: "write the calls of a made-up call centre to MariaDB", Run: simulateCalls},
		process.Command{Name: house.ServeNATS, Run: serveNATS},
		process.Command{Name: house.ServeEngine, Run: serveEngine},
		process.Command{Name: house.ServeLogsUpdate, Run: serveLogsUpdate},
	)
}
