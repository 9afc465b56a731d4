// Package embedded runs the backing servers of cdrflow on one machine: NATS JetStream, the ClickHouse engine, MariaDB
// and MinIO.
//
// Each server is a process of its own (a [Child]), so that each can be killed alone, and each listens on the loopback
// interface only, with passwords that [LoadSecrets] made. The servers are meant for a workstation, a demonstration and
// the tests; production brings its own.
package embedded
