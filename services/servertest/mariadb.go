package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// Database is a fresh, empty database on a MariaDB server.
type Database struct {
	Name      string
	DSN       string // may do anything in the database
	ReaderDSN string // may SELECT from it, nothing else
	AdminDSN  string // may do anything on the server: other accounts, global variables, KILL
}

// mariadbServer is a server and its administrator.
type mariadbServer struct {
	*embedded.MariaDB
	password string
}

const mariadbAdmin = "administrator"

var sharedMariaDB single[*mariadbServer]

// MariaDB makes a fresh database on the MariaDB server that the tests of this binary share, with an owner and a reader
// of its own. It is dropped after the test.
func MariaDB(t testing.TB) Database {
	t.Helper()
	server := sharedMariaDB.get(t, func(ctx context.Context) (*mariadbServer, *embedded.Child, error) {
		server, err := startMariaDB(ctx)
		if err != nil {
			return nil, nil, err
		}
		return server, server.Child, nil
	})
	d := server.database(t)
	t.Cleanup(func() {
		// It would go with the server; but a hundred tests' tables at once are a lot.
		if err := server.sql(context.Background(), "DROP DATABASE `"+d.Name+"`"); err != nil {
			t.Error(err)
		}
	})
	return d
}

// MariaDBProcess is a MariaDB server of one test, with one database.
type MariaDBProcess struct {
	*Process
	Database
}

// MariaDBChild starts a MariaDB server that can be killed.
func MariaDBChild(t testing.TB) *MariaDBProcess {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	server, err := startMariaDB(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(server.Socket)) })
	process := newProcess(t, server.Child)
	return &MariaDBProcess{Process: process, Database: server.database(t)}
}

func startMariaDB(ctx context.Context) (*mariadbServer, error) {
	dir, err := newDirectory("mariadb")
	if err != nil {
		return nil, err
	}
	addr, err := embedded.FreeAddr()
	if err != nil {
		return nil, err
	}
	admin := secret()
	server, err := embedded.StartMariaDB(ctx, embedded.MariaDBConfig{
		Dir:        dir,
		Addr:       addr,
		BufferPool: 64 << 20,
		Owner:      "owner", OwnerPassword: secret(),
		Reader: "reader", ReaderPassword: secret(),
		Init: []string{
			fmt.Sprintf("CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED BY '%s'", mariadbAdmin, admin),
			fmt.Sprintf("GRANT ALL PRIVILEGES ON *.* TO '%s'@'%%' WITH GRANT OPTION", mariadbAdmin),
		},
		// A killed server still loses nothing: only a power cut would.
		Args: []string{"--innodb-flush-log-at-trx-commit=2"},
	})
	if err != nil {
		return nil, err
	}
	return &mariadbServer{MariaDB: server, password: admin}, nil
}

func (s *mariadbServer) database(t testing.TB) Database {
	t.Helper()
	// No underscore in the name: in a GRANT it would stand for any character.
	name, owner, reader := fresh("test"), secret(), secret()
	dsn := func(user, password string) string {
		return fmt.Sprintf("%s:%s@tcp(%s)/%s", user, password, s.Addr, name)
	}
	d := Database{
		Name:      name,
		DSN:       dsn(name+"owner", owner),
		ReaderDSN: dsn(name+"reader", reader),
		AdminDSN:  dsn(mariadbAdmin, s.password),
	}
	err := s.sql(t.Context(), fmt.Sprintf(""+
		"CREATE DATABASE `%[1]s` CHARACTER SET utf8mb4;"+
		"CREATE USER '%[1]sowner'@'%%' IDENTIFIED BY '%[2]s'; GRANT ALL PRIVILEGES ON `%[1]s`.* TO '%[1]sowner'@'%%';"+
		"CREATE USER '%[1]sreader'@'%%' IDENTIFIED BY '%[3]s'; GRANT SELECT ON `%[1]s`.* TO '%[1]sreader'@'%%'",
		name, owner, reader))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sql runs statements as the administrator, with the client program: the driver belongs to the door alone.
func (s *mariadbServer) sql(ctx context.Context, statements string) error {
	client := exec.CommandContext(ctx, "mariadb", "--no-defaults", "--batch",
		"--socket="+s.Socket, "--user="+mariadbAdmin, "--execute="+statements)
	client.Env = append(os.Environ(), "MYSQL_PWD="+s.password)
	if output, err := client.CombinedOutput(); err != nil {
		return fmt.Errorf("run SQL as the administrator: %w: %s", err, output)
	}
	return nil
}
