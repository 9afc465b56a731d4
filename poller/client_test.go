package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// client is one connection of MariaDB's own client program: it can hold a transaction open.
type client struct {
	t   testing.TB
	in  io.Writer
	out *bufio.Scanner
	n   int
}

func newClient(t testing.TB, d servertest.Database) *client {
	t.Helper()
	user, rest, _ := strings.Cut(d.DSN, ":")
	password, rest, _ := strings.Cut(rest, "@tcp(")
	addr, name, _ := strings.Cut(rest, ")/")
	host, port, _ := strings.Cut(addr, ":")
	command := exec.Command("mariadb", "--no-defaults", "--batch", "--skip-column-names", "--unbuffered", "--force", "--max-allowed-packet=64M",
		"--default-character-set=utf8mb4", "--host="+host, "--port="+port, "--user="+user, name)
	command.Env = append(command.Environ(), "MYSQL_PWD="+password)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	c := &client{t: t, in: in, out: bufio.NewScanner(out)}
	c.out.Buffer(nil, 64<<20)
	return c
}

// exec runs statements and gives what they print.
func (c *client) exec(statements string) string {
	c.t.Helper()
	c.n++
	end := fmt.Sprintf("end of statement %d", c.n)
	if _, err := fmt.Fprintf(c.in, "%s;\nSELECT '%s';\n", statements, end); err != nil {
		c.t.Fatal(err)
	}
	var lines []string
	for c.out.Scan() {
		if c.out.Text() == end {
			return strings.Join(lines, "\n")
		}
		if strings.HasPrefix(c.out.Text(), "ERROR") {
			c.t.Errorf("%s: %s", statements, c.out.Text())
		}
		lines = append(lines, c.out.Text())
	}
	c.t.Fatalf("%s: the client ended: %v", statements, c.out.Err())
	return ""
}
