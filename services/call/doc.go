// Package call holds the words that the stages say to each other: a row as the PBX wrote it, the chunk that carries rows,
// the checkpoint that says how far a source was read, and the call that a row was understood to be.
//
// It imports the standard library only and does no I/O, so that every rule in it can be held by a table test.
package call
