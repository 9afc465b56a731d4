// Package jetstream is the door to the log, NATS JetStream: pages of chunks with their checkpoint, shared consumption by
// partition, the events told of calls, and what was parked.
package jetstream
