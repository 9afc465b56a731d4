package embedded

import (
	"context"
	"fmt"
	"io"
	"os"
)

// EngineConfig describes the ClickHouse engine behind its HTTP endpoint, in a child process.
type EngineConfig struct {
	Path    string   // the program that serves the engine
	Args    []string // what it wants before the flags -library, -data, -addr and -user, as a subcommand
	Library string   // libchdb.so, see Locate
	Dir     string   // data; created when missing
	Addr    string   // 127.0.0.1:port

	User, Password string

	Output io.Writer
	Prefix string
}

// StartEngine starts the engine and waits until it answers; clients then use cfg.DSN.
func StartEngine(ctx context.Context, cfg EngineConfig) (*Child, error) {
	dir, err := absolute(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start the ClickHouse engine: %w", err)
	}
	return Start(ctx, Command{
		Name: "ClickHouse engine",
		Path: cfg.Path,
		Args: append(append([]string{}, cfg.Args...),
			"-library", cfg.Library, "-data", dir, "-addr", cfg.Addr, "-user", cfg.User),
		// Not an argument, which every user of the machine could list.
		Env:       append(os.Environ(), "ENGINE_PASSWORD="+cfg.Password),
		Output:    cfg.Output,
		Prefix:    cfg.Prefix,
		HoldStdin: true,
		Ready:     func(ctx context.Context) error { return httpAnswers(ctx, "http://"+cfg.Addr+"/ping") },
	})
}

// DSN is the engine's address in the form of the Go driver.
func (c EngineConfig) DSN(database string) string {
	return fmt.Sprintf("http://%s:%s@%s/%s", c.User, c.Password, c.Addr, database)
}
