package servertest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

const stream = `{"name":"T","subjects":["t.>"],"storage":"file","allow_atomic":true,"allow_msg_ttl":true}`

func messages(t *testing.T, c *natsClient) float64 {
	t.Helper()
	state, ok := c.ask(t, "$JS.API.STREAM.INFO.T", "")["state"].(map[string]any)
	if !ok {
		t.Fatal("stream info has no state")
	}
	return state["messages"].(float64)
}

func TestNATSKeepsItsStreamsOverAStop(t *testing.T) {
	t.Parallel()
	s := servertest.NATS(t)
	c := dialNATS(t, s.URL)
	c.ask(t, "$JS.API.STREAM.CREATE.T", stream)
	c.ask(t, "t.1", "one")

	s.Stop(t)
	s.Start(t)
	if n := messages(t, dialNATS(t, s.URL)); n != 1 {
		t.Fatalf("%v messages after a restart, want 1", n)
	}
}

func TestNATSHasWhatTheStreamsNeed(t *testing.T) {
	t.Parallel()
	s := servertest.NATSChild(t)
	c := dialNATS(t, s.URL)
	c.ask(t, "$JS.API.STREAM.CREATE.T", stream)

	const size = 1000 // the largest page: its chunks and the checkpoint
	for i := 1; i < size; i++ {
		c.publish(t, fmt.Sprintf("t.%d", i), "row", "Nats-Batch-Id: b", fmt.Sprintf("Nats-Batch-Sequence: %d", i))
	}
	ack := c.ask(t, "t.last", "checkpoint", "Nats-Batch-Id: b", fmt.Sprintf("Nats-Batch-Sequence: %d", size), "Nats-Batch-Commit: 1")
	if ack["count"] != float64(size) {
		t.Fatalf("commit of an atomic batch of %d messages answers %v", size, ack)
	}

	c.ask(t, "t.short", "lease", "Nats-TTL: 1s")
	if n := messages(t, c); n != size+1 {
		t.Fatalf("%v messages, want %d and the one with a TTL", n, size)
	}
	servertest.Eventually(t, 20*time.Second, func() bool { return messages(t, c) == size }, "a message with a TTL of 1s goes")

	consumer := c.ask(t, "$JS.API.CONSUMER.CREATE.T.C", `{"stream_name":"T","config":{"durable_name":"C","name":"C",`+
		`"ack_policy":"explicit","priority_policy":"pinned_client","priority_groups":["g"],"priority_timeout":5000000000}}`)
	if config := consumer["config"].(map[string]any); config["priority_policy"] != "pinned_client" {
		t.Fatalf("consumer is not pinned: %v", config)
	}
}

func TestNATSChildLosesNothingWhenKilled(t *testing.T) {
	t.Parallel()
	s := servertest.NATSChild(t)
	c := dialNATS(t, s.URL)
	c.ask(t, "$JS.API.STREAM.CREATE.T", stream)
	const sent = 20
	for range sent {
		c.ask(t, "t.1", "acknowledged")
	}
	for range 2 {
		before := s.PID()
		s.Kill()
		s.Restart(t)
		if s.PID() == before {
			t.Fatal("the process id is the same after a restart")
		}
		if n := messages(t, dialNATS(t, s.URL)); n != sent {
			t.Fatalf("%v messages after SIGKILL, want %d", n, sent)
		}
	}
	s.Stop(t)
	s.Restart(t)
	if n := messages(t, dialNATS(t, s.URL)); n != sent {
		t.Fatalf("%v messages after SIGTERM, want %d", n, sent)
	}
}
