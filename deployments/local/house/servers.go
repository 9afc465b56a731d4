package house

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/process"
)

// Commands of this program that are servers; each is a child of the house.
const (
	ServeNATS       = "serve-nats"
	ServeEngine     = "serve-engine"
	ServeLogsUpdate = "serve-logsupdate"
)

// startServers starts, all at once, the servers that have no address of their own, and waits until they answer.
func (h *House) startServers(ctx context.Context) error {
	starts := []func(context.Context) error{}
	add := func(given string, start func(context.Context) error) {
		if given == "" {
			starts = append(starts, start)
		}
	}
	add(h.config.NATS, h.startNATS)
	add(h.config.ClickHouse, h.startEngine)
	add(h.config.MariaDB, h.startMariaDB)
	add(h.config.LogsUpdate, h.startLogsUpdate)

	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	var all sync.WaitGroup
	errs := make(chan error, len(starts))
	for _, start := range starts {
		all.Go(func() { errs <- start(ctx) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *House) startNATS(ctx context.Context) error {
	child, err := embedded.StartNATS(ctx, embedded.NATSChildConfig{
		Path: h.config.Self,
		Args: []string{ServeNATS, "-addr", h.Ports.NATS, "-data", h.dir("nats")},
		Addr: h.Ports.NATS, Output: h.console.out, Prefix: h.console.Prefix("nats"),
	})
	return h.add("nats", child, err)
}

func (h *House) startEngine(ctx context.Context) error {
	child, err := embedded.StartEngine(ctx, h.engine())
	return h.add("clickhouse", child, err)
}

func (h *House) engine() embedded.EngineConfig {
	return embedded.EngineConfig{
		Path: h.config.Self, Args: []string{ServeEngine}, Library: h.config.Library, Dir: h.dir("clickhouse"),
		Addr: h.Ports.ClickHouse, User: h.secrets.ClickHouseUser, Password: h.secrets.ClickHousePassword,
		Output: h.console.out, Prefix: h.console.Prefix("clickhouse"),
	}
}

func (h *House) startMariaDB(ctx context.Context) error {
	server, err := embedded.StartMariaDB(ctx, embedded.MariaDBConfig{
		Dir: h.dir("mariadb"), Addr: h.Ports.MariaDB, Database: Database,
		Owner: h.secrets.MariaDBOwner, OwnerPassword: h.secrets.MariaDBOwnerPassword,
		Reader: h.secrets.MariaDBReader, ReaderPassword: h.secrets.MariaDBReaderPassword,
		// What it says is in DATA_DIR/mariadb/mariadbd.log. The keys of a history are made in fewer passes.
		Args: []string{"--innodb-sort-buffer-size=32M"},
	})
	if err != nil {
		return err
	}
	h.OwnerDSN, h.MariaDBDSN = server.OwnerDSN, server.ReaderDSN
	return h.add("mariadb", server.Child, nil)
}

func (h *House) startLogsUpdate(ctx context.Context) error {
	child, err := embedded.Start(ctx, embedded.Command{
		Name: "LogsUpdate", Path: h.config.Self,
		Args:   []string{ServeLogsUpdate, "-addr", h.Ports.LogsUpdate, "-file", h.dir("tickets.ndjson")},
		Output: h.console.out, Prefix: h.console.Prefix("logsupdate"),
		Ready: func(ctx context.Context) error { return answers(ctx, "http://"+h.Ports.LogsUpdate+"/tickets") },
	})
	return h.add("logsupdate", child, err)
}

// startMinIO starts MinIO when its program is there, for which it waits: the program takes minutes to build, and
// everything but the archiver works without it. The archiver follows.
func (h *House) startMinIO(ctx context.Context) error {
	path, err := embedded.Locate(h.config.MinIOPath, "minio")
	if err != nil {
		if h.config.MinIOPath != "" {
			return err
		}
		h.console.Say("MinIO is not built yet; calls work without it, and recordings are archived once it is there")
	}
	for err != nil {
		if !process.Pause(ctx, time.Second) {
			return nil
		}
		path, err = embedded.Locate("", "minio")
	}
	backoff := process.Backoff{First: time.Second}
	for {
		starting, cancel := context.WithTimeout(ctx, startTime)
		child, err := embedded.StartMinIO(starting, embedded.MinIOConfig{
			Path: path, Dir: h.dir("minio"), Addr: h.Ports.MinIO,
			User: h.secrets.MinIOUser, Password: h.secrets.MinIOPassword,
			Output: h.console.out, Prefix: h.console.Prefix("minio"),
		})
		cancel()
		if err == nil {
			return h.add("minio", child, nil)
		}
		if ctx.Err() != nil {
			return nil
		}
		// The file may be half written yet.
		h.console.Say("%v", err)
		if !backoff.Wait(ctx) {
			return nil
		}
	}
}

// dir is a place of one server.
func (h *House) dir(name string) string { return filepath.Join(h.config.Dir, name) }

// add keeps a child from now on.
func (h *House) add(name string, child *embedded.Child, err error) error {
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keepers[name] = keep(name, child, h.console, h.endedEarly)
	return nil
}

// startStage starts a stage and waits until its loop turns.
func (h *House) startStage(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	child, err := embedded.Start(ctx, embedded.Command{
		Name: name, Path: h.config.stage(name), Env: h.environment(name),
		Output: h.console.out, Prefix: h.console.Prefix(name),
		Ready: func(ctx context.Context) error { return answers(ctx, "http://"+h.Ports.Admin(name)+"/livez") },
	})
	return h.add(name, child, err)
}

func (h *House) startStages(ctx context.Context, names ...string) error {
	var all sync.WaitGroup
	errs := make(chan error, len(names))
	for _, name := range names {
		all.Go(func() { errs <- h.startStage(ctx, name) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func makeDir(path string) error {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	return nil
}
