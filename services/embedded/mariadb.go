package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// MariaDBConfig describes a MariaDB server in a child process: Debian's mariadbd with a data directory of its own. It
// reads nothing from /etc/mysql.
type MariaDBConfig struct {
	Dir        string // data, log and socket; created when missing
	Addr       string // 127.0.0.1:port
	BufferPool int64  // in bytes; 0: 256 MiB
	Database   string // created when missing; "": asterisk

	// Owner may do anything in Database, Reader may SELECT from it. Both may connect through TCP and the socket; their
	// passwords are set at each start.
	Owner, OwnerPassword   string
	Reader, ReaderPassword string

	Init []string // further statements at each start, with all privileges, one line each
	Args []string // further options of mariadbd; the last one counts

	Output io.Writer // a copy of Dir/mariadbd.log
	Prefix string
}

// MariaDB is a running MariaDB server.
type MariaDB struct {
	*Child
	Addr      string
	Socket    string // path of the unix socket
	OwnerDSN  string // in the form of the Go driver: user:password@tcp(host:port)/database
	ReaderDSN string
}

// StartMariaDB starts mariadbd and waits until it answers; an empty directory takes a second more.
func StartMariaDB(ctx context.Context, cfg MariaDBConfig) (*MariaDB, error) {
	m, err := startMariaDB(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("MariaDB in %s: %w", cfg.Dir, err)
	}
	return m, nil
}

func startMariaDB(ctx context.Context, cfg MariaDBConfig) (*MariaDB, error) {
	server, err := program("mariadbd")
	if err != nil {
		return nil, err
	}
	if cfg.Database == "" {
		cfg.Database = "asterisk"
	}
	if cfg.BufferPool == 0 {
		cfg.BufferPool = 256 << 20
	}
	if cfg.Dir, err = absolute(cfg.Dir); err != nil {
		return nil, err
	}
	// A temporary directory of its own: a mariadbd that starts removes the temporary tables of every other one that
	// uses the same.
	if err := os.MkdirAll(cfg.tmpDir(), 0o700); err != nil {
		return nil, err
	}
	if err := installMariaDB(ctx, filepath.Join(cfg.Dir, "data"), cfg.tmpDir()); err != nil {
		return nil, err
	}
	// mariadbd runs this file before it lets anybody in: who gets an answer has an account.
	if err := os.WriteFile(cfg.initFile(), []byte(cfg.initSQL()), 0o600); err != nil {
		return nil, err
	}
	socket, err := socketPath(cfg.Dir)
	if err != nil {
		return nil, err
	}
	args, err := cfg.args(socket)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(cfg.Dir, "mariadbd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	output := io.Writer(log)
	if cfg.Output != nil {
		output = io.MultiWriter(log, &lines{to: cfg.Output, prefix: []byte(cfg.Prefix)})
	}
	child, err := Start(ctx, Command{
		Name:   "mariadbd",
		Path:   server,
		Args:   args,
		Dir:    cfg.Dir,
		Output: output,
		Ready:  func(ctx context.Context) error { return mariadbAnswers(ctx, socket) },
	})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	dsn := func(user, password string) string {
		return fmt.Sprintf("%s:%s@tcp(%s)/%s", user, password, cfg.Addr, cfg.Database)
	}
	return &MariaDB{
		Child:     child,
		Addr:      cfg.Addr,
		Socket:    socket,
		OwnerDSN:  dsn(cfg.Owner, cfg.OwnerPassword),
		ReaderDSN: dsn(cfg.Reader, cfg.ReaderPassword),
	}, nil
}

func (c MariaDBConfig) initFile() string { return filepath.Join(c.Dir, "init.sql") }
func (c MariaDBConfig) tmpDir() string   { return filepath.Join(c.Dir, "tmp") }

func (c MariaDBConfig) initSQL() string {
	statements := []string{
		fmt.Sprintf("CREATE DATABASE IF NOT EXISTS `%s` CHARACTER SET utf8mb4", c.Database),
		// A stranger's account from an older installation would come before '%' for connections through the socket.
		"DELETE FROM mysql.global_priv WHERE User = ''",
		"FLUSH PRIVILEGES",
	}
	// In a GRANT these two are wildcards.
	pattern := strings.NewReplacer("_", `\_`, "%", `\%`).Replace(c.Database)
	account := func(user, password, privileges string) {
		statements = append(statements,
			fmt.Sprintf("CREATE USER IF NOT EXISTS '%s'@'%%'", user),
			fmt.Sprintf("ALTER USER '%s'@'%%' IDENTIFIED BY '%s'", user, password),
			fmt.Sprintf("GRANT %s ON `%s`.* TO '%s'@'%%'", privileges, pattern, user),
		)
	}
	account(c.Owner, c.OwnerPassword, "ALL PRIVILEGES")
	account(c.Reader, c.ReaderPassword, "SELECT")
	statements = append(statements, c.Init...)
	return strings.Join(statements, ";\n") + ";\n"
}

func (c MariaDBConfig) args(socket string) ([]string, error) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", c.Addr, err)
	}
	args := []string{
		"--no-defaults", // must be the first
		"--datadir=" + filepath.Join(c.Dir, "data"),
		"--tmpdir=" + c.tmpDir(),
		"--socket=" + socket,
		"--bind-address=" + host,
		"--port=" + port,
		"--pid-file=" + filepath.Join(c.Dir, "mariadbd.pid"),
		"--init-file=" + c.initFile(),
		"--skip-name-resolve",
		"--character-set-server=utf8mb4",
		"--local-infile=1",
		"--max-allowed-packet=64M",
		"--max-connections=200",
		"--innodb-buffer-pool-size=" + strconv.FormatInt(c.BufferPool, 10),
		"--innodb-log-file-size=64M",
		// Otherwise the list of cached pages is written and read again at each stop and start.
		"--innodb-buffer-pool-dump-at-shutdown=0",
		"--innodb-buffer-pool-load-at-startup=0",
	}
	return append(append(args, asRoot()...), c.Args...), nil
}

// asRoot lets mariadbd run as root, which it refuses unless told to.
func asRoot() []string {
	if os.Getuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// socketPath returns a short enough place for the socket: the kernel's limit is 107 characters. Where the directory's
// own path is too long the link "socket" in it points to a directory in /tmp, the same one at each start.
func socketPath(dir string) (string, error) {
	if path := filepath.Join(dir, "mariadbd.sock"); len(path) < 100 {
		return path, nil
	}
	link := filepath.Join(dir, "socket")
	short, err := os.Readlink(link)
	if err == nil {
		// Somebody may have cleaned up /tmp.
		_, err = os.Stat(short)
	}
	if err != nil {
		if short, err = os.MkdirTemp("/tmp", "cdrflow-"); err != nil {
			return "", err
		}
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if err := os.Symlink(short, link); err != nil {
			return "", err
		}
	}
	return filepath.Join(short, "mariadbd.sock"), nil
}

// mariadbAnswers reads the greeting. It asks at the socket, since at the port somebody else's server may answer while
// ours is about to find the port taken.
func mariadbAnswers(ctx context.Context, socket string) error {
	conn, err := dial(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// Three bytes of length, one of sequence, then the version of the protocol, or 0xff for an error.
	var head [5]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return fmt.Errorf("read the greeting: %w", err)
	}
	if head[4] != 10 {
		return fmt.Errorf("greeting starts with 0x%x, want protocol 10", head[4])
	}
	return nil
}
