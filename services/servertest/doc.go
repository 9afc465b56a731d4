// Package servertest gives tests real servers: NATS JetStream, the ClickHouse engine, MariaDB and MinIO.
//
// A test that only needs a place to work takes a fresh database or bucket on a server that its test binary shares; the
// first test that asks starts it. A test that kills a server takes one of its own: the functions that end in Child.
// Nothing is ever skipped: where a server is not installed the test fails and says how to install it. Everything is
// gone when the binary ends, however it ends, and any number of binaries may run at the same time.
package servertest
