// Package simulate is a believable call centre: it makes calls and the rows that Asterisk would write of them.
//
// The rows follow those of a real Asterisk 20 (unanswered=yes, endbeforehexten=yes), with its oddities: a row for each
// phone that rang, rows of a Party A in one go when it hangs up, doubled rows through Local channels, hang-up
// information on the last row of a chain only. With the rows comes the truth, which no row tells in full: who rang, who
// answered, who hung up.
//
// Nothing here reads a clock or writes a table; the same seed and times give the same rows.
package simulate
