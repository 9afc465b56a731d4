// Package house runs the whole of cdrflow on one machine: the servers that the stages stand on and the stages
// themselves, each a child process.
package house

// Database is the name of the PBX's database in the MariaDB of the house.
const Database = "asterisk"
