package servertest_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// natsClient speaks just enough of the NATS protocol to ask JetStream: the client library belongs to the door alone.
type natsClient struct {
	conn  net.Conn
	lines *bufio.Reader
}

func dialNATS(t *testing.T, url string) *natsClient {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
	if err != nil {
		t.Fatalf("connect to %s: %v", url, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &natsClient{conn: conn, lines: bufio.NewReader(conn)}
	c.send(t, `CONNECT {"verbose":false,"headers":true,"no_responders":true}`+"\r\nSUB inbox 1\r\n")
	return c
}

func (c *natsClient) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// publish sends a message with headers ("Name: value") and waits for no answer.
func (c *natsClient) publish(t *testing.T, subject, body string, headers ...string) {
	t.Helper()
	c.hpub(t, subject, "", body, headers)
}

// ask sends a message and returns the body of the answer.
func (c *natsClient) ask(t *testing.T, subject, body string, headers ...string) map[string]any {
	t.Helper()
	c.hpub(t, subject, "inbox ", body, headers)
	answer, err := c.next()
	if err != nil {
		t.Fatalf("ask %s: %v", subject, err)
	}
	if problem := answer["error"]; problem != nil {
		t.Fatalf("ask %s: %v", subject, problem)
	}
	return answer
}

func (c *natsClient) hpub(t *testing.T, subject, reply, body string, headers []string) {
	t.Helper()
	head := "NATS/1.0\r\n"
	for _, header := range headers {
		head += header + "\r\n"
	}
	head += "\r\n"
	c.send(t, fmt.Sprintf("HPUB %s %s%d %d\r\n%s%s\r\n", subject, reply, len(head), len(head)+len(body), head, body))
}

func (c *natsClient) next() (map[string]any, error) {
	for {
		if err := c.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return nil, err
		}
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return nil, err
		}
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		var size, head int
		switch fields[0] {
		case "PING":
			if _, err := io.WriteString(c.conn, "PONG\r\n"); err != nil {
				return nil, err
			}
			continue
		case "-ERR":
			return nil, errors.New(line)
		case "MSG":
			_, err = fmt.Sscan(fields[len(fields)-1], &size)
		case "HMSG":
			_, err = fmt.Sscan(strings.Join(fields[len(fields)-2:], " "), &head, &size)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		message := make([]byte, size+2)
		if _, err := io.ReadFull(c.lines, message); err != nil {
			return nil, err
		}
		if size == head { // no responders
			return nil, fmt.Errorf("answer without a body: %q", message)
		}
		answer := make(map[string]any)
		return answer, json.Unmarshal(message[head:size], &answer)
	}
}
