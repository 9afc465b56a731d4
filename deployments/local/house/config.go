package house

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// Config of a house. Where a server's address is given, that one is used and none is started.
type Config struct {
	Dir      string // of all data
	HTTPAddr string // of the API

	NATS, ClickHouse, MariaDB, MinIO, LogsUpdate string

	Recordings string   // directory; empty: Dir/recordings
	Library    string   // libchdb.so; empty: see embedded.Locate
	MinIOPath  string   // the program minio; empty: see embedded.Locate
	JWTSecret  string   // of the tokens; empty: the one of Dir
	Environ    []string // of this process; the stages get it with what is theirs
	More       []string // NAME=value for the stages, where Environ does not say otherwise

	// Self is this program, which is some of the servers when it is called so; Stages is the directory of the stages.
	Self, Stages string
}

// Stages by name, in the order in which they are stopped: who brings work before who does it.
var Stages = []string{"poller", "archiver", "ticketer", "enricher", "queryapi"}

// prepare fills what is empty and looks for all that must be there before anything is started.
func (c *Config) prepare() error {
	var err error
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return fmt.Errorf("find DATA_DIR: %w", err)
	}
	if c.Recordings == "" {
		c.Recordings = filepath.Join(c.Dir, "recordings")
	}
	if c.Recordings, err = filepath.Abs(c.Recordings); err != nil {
		return fmt.Errorf("find RECORDINGS_DIR: %w", err)
	}
	var missing []string
	for _, stage := range Stages {
		if _, err := os.Stat(c.stage(stage)); err != nil {
			missing = append(missing, c.stage(stage))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("find the stages: %s missing; `make build` makes them", strings.Join(missing, ", "))
	}
	if c.ClickHouse == "" {
		if c.Library, err = embedded.Locate(c.Library, "libchdb.so"); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) stage(name string) string { return filepath.Join(c.Stages, name) }

// addrFree complains where somebody else serves at the API's address.
func (c *Config) addrFree() error {
	l, err := net.Listen("tcp", c.HTTPAddr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("HTTP_ADDR is %q, which another process listens on already: choose a free one, as in HTTP_ADDR=127.0.0.1:8081", c.HTTPAddr)
	}
	if err != nil {
		return fmt.Errorf("HTTP_ADDR is %q, want host:port such as 127.0.0.1:8080: %w", c.HTTPAddr, err)
	}
	return l.Close()
}

// environment of a stage: what this process got, without what is set here, and what is set here.
func (h *House) environment(stage string) []string {
	set := []string{
		"NATS_URL=" + h.NATSURL, "CLICKHOUSE_DSN=" + h.ClickHouseDSN, "MARIADB_DSN=" + h.MariaDBDSN,
		"LOGSUPDATE_URL=" + h.LogsUpdateURL, "HTTP_ADDR=" + h.config.HTTPAddr, "RECORDINGS_DIR=" + h.config.Recordings,
		"ADMIN_ADDR=" + h.Ports.Admin(stage), "JWT_SECRET=" + h.JWTSecret,
	}
	if h.config.MinIO == "" {
		set = append(set, "MINIO_ENDPOINT="+h.Ports.MinIO, "MINIO_ACCESS_KEY="+h.secrets.MinIOUser,
			"MINIO_SECRET_KEY="+h.secrets.MinIOPassword)
	}
	given := map[string]bool{}
	for _, pair := range h.config.Environ {
		name, value, _ := strings.Cut(pair, "=")
		given[name] = value != ""
	}
	for _, pair := range h.config.More {
		if name, _, _ := strings.Cut(pair, "="); !given[name] && !given[name+"_FILE"] {
			set = append(set, pair)
		}
	}
	ours := map[string]bool{}
	for _, pair := range set {
		name, _, _ := strings.Cut(pair, "=")
		ours[name], ours[name+"_FILE"] = true, true
	}
	var env []string
	for _, pair := range h.config.Environ {
		if name, _, _ := strings.Cut(pair, "="); !ours[name] {
			env = append(env, pair)
		}
	}
	return append(env, set...)
}

// Admin is the admin address of a stage.
func (p Ports) Admin(stage string) string {
	switch stage {
	case "poller":
		return p.Poller
	case "enricher":
		return p.Enricher
	case "ticketer":
		return p.Ticketer
	case "queryapi":
		return p.QueryAPI
	default:
		return p.Archiver
	}
}
